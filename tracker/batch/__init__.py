"""Many videos, one after another or side by side, each with a folder of results that is there whole or not at all."""
