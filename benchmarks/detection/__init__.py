"""How well objects are detected, and how fast."""
