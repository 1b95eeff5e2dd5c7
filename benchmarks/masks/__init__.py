"""Masks measured: silhouettes out of boxes, and a class for each pixel."""
