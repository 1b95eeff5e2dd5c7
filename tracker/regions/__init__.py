"""Places in the picture: what is looked at and what is ignored, lines that are crossed, zones that are stayed in."""
