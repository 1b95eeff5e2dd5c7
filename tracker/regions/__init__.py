"""Regions of the picture (areas of interest, masks, lines, zones), and the events and counts that happen there."""
