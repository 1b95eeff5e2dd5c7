"""How fast a run is, and how much memory it needs, ours and others'."""
