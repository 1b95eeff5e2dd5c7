"""Tracks of a whole video, once all of it is known: gaps filled, fragments joined, paths smoothed, starts found."""
