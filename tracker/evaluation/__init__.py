"""Scores of tracks against ground truth, equal to TrackEval's: HOTA, MOTA and IDF1."""
