"""Tracks -> files. One file a format; each writer has `write` and `close`, and is a context manager."""
