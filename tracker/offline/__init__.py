"""Offline tracking: once the whole video is known, tracks are trimmed, joined, smoothed and filled."""
