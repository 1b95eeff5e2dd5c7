"""What a person looks at once videos have been annotated."""
