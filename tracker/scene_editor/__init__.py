"""The page of ``keeptrack draw``: lines, zones, masks and the ground's measures, drawn on a frame."""
