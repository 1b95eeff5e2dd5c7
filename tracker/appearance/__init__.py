"""Re-identification: crops of a frame become embeddings, and each track remembers its own."""
