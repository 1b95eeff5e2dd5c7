"""Batches: side by side, killed, and full of damaged videos."""
