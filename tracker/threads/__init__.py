"""What threads need that work ahead or behind: a queue, a map in several threads, and a clock of the stages."""
