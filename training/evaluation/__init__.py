"""How good a trained network is, and scores that mean something."""
