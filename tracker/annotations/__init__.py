"""Tracks as labelling tools keep them: one document, a file a format, each with a way back."""
