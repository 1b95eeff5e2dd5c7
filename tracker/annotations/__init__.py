"""Annotation formats of labelling tools: one document in memory, a file a format, each written and read."""
