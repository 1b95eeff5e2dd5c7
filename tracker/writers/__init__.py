"""Output files, one module for each format, and the checks of their paths."""
