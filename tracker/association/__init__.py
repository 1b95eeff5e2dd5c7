"""The tracker itself: which detection belongs to which track, and how tracks begin, go on and end."""
