"""Batches: jobs side by side, batches and nodes that are killed, damaged videos, cost, and independent readers."""
