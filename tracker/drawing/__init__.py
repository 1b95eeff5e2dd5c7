"""Tracks and regions drawn on a picture."""
