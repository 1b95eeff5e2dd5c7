"""How fast a run is and how much memory it needs, ours and others': association, whole commands, start, memory."""
