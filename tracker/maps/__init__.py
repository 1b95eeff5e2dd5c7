"""Pictures of a whole run: where objects were, and which paths they took."""
