"""The command line: arguments, one module for each command, and what a person sees in the terminal."""
