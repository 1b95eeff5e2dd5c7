"""Tracks for tests, from rows."""

from __future__ import annotations

import numpy as np

from tracker.association.tracks import Tracks

NOTHING = np.empty((0, 0, 3), np.uint8)


def tracks_of(*rows: tuple[int, list[float], float, int]) -> Tracks:
    """Tracks of (id, box, score, class id)."""
    count = len(rows)
    return Tracks(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.int64),
        np.zeros(count),
        np.zeros(count),
    )
