"""Measurements of answers: speeds, counts, and tables that other programs read."""
