"""How well objects are detected, how fast, and from how few labelled pictures a detector learns."""
