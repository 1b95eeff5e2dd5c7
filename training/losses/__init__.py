"""What networks learn from: how wrong their answers are."""
