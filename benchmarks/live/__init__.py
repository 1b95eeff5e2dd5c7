"""Live sources, measured on streams from servers that fail on demand: latency, drops, viewers, kills, memory."""
