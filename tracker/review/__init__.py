"""Review of annotated videos: each track's summary, crop and trust, a contact sheet a video, a report a batch."""
