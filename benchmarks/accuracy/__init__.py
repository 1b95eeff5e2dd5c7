"""How well objects are tracked: HOTA of our presets and other trackers, and what each part is worth."""
