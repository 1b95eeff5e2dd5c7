"""One run from a source to its outputs: its options, the order of its stages, its files, its report."""
