"""Threads that work ahead or behind: queues between them, and the time that each one takes."""
