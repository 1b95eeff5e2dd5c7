"""Labelled pictures, and batches made of them."""
