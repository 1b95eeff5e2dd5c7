"""How well objects are tracked: HOTA on sequences with ground truth, ours and others'."""
