"""Tables of tracks and counts that spreadsheets, databases and data frames open as they are."""
