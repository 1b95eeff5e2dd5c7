"""The command line: a file a command, and what a person sees while it works."""
