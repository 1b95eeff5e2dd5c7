"""The ground in metres: where objects stand on it, how fast they move, how far they are from each other."""
