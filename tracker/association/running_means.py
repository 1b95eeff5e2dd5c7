"""What each track usually looks like to the detector: how tall it is, how steady that is, and how it scores.

The filter follows the height within three frames, so that a box cut off by somebody in front, or one that belongs to
somebody else, is soon what it expects. Over a longer time people who walk stay as tall as they are, each in his own
place; dancers do not. The variance says which.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints

MEMORIES = np.array([[0.3], [0.6]])  # seconds after which a detection counts for 1/e, in the means and in the variance
DEVIATION = 0.1  # of the natural logarithm of a new track's height


class RunningMeans:
    """The means of N tracks, column by column."""

    def __init__(self) -> None:
        self._state: Floats = np.empty((3, 0))  # logarithm of the height, score, variance of the first

    @property
    def log_heights(self) -> Floats:
        """Natural logarithms ``(N,)`` of the heights in pixels."""
        return np.asarray(self._state[0])

    @property
    def scores(self) -> Floats:
        """Scores ``(N,)``."""
        return np.asarray(self._state[1])

    @property
    def height_variances(self) -> Floats:
        """Variances ``(N,)`` of `log_heights`."""
        return np.asarray(self._state[2])

    def append(self, detections: Detections) -> None:
        """Add tracks that start at these detections."""
        self._state = np.concatenate([self._state, _shown(detections)], axis=1)

    def update(self, rows: Ints, detections: Detections, hits: Ints, elapsed: Floats) -> None:
        """Take in the detections ``(R,)`` of the tracks `rows`, which have `hits` ``(R,)`` with these.

        elapsed: ``(R,)`` seconds since the detections before.
        """
        state, change = self._state.take(rows, axis=1), _shown(detections)
        change -= state
        np.multiply(change[0], change[0], out=change[2])
        change[2] -= state[2]
        shares = 1 - np.exp(-elapsed / MEMORIES)
        change[:2] *= np.maximum(1 / hits, shares[0])
        change[2] *= shares[1]
        self._state[:, rows] = state + change

    def keep(self, rows: Bools) -> None:
        """Keep the given tracks only."""
        self._state = self._state[:, rows]


def log_heights(boxes: Floats) -> Floats:
    """Natural logarithms ``(N,)`` of the heights of xyxy boxes ``(N, 4)``, a thousandth of a pixel at least."""
    return np.asarray(np.log(np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)))


def _shown(detections: Detections) -> Floats:
    """The state ``(3, R)`` of tracks that start at these detections."""
    state = np.empty((3, len(detections)))
    state[0], state[1], state[2] = log_heights(detections.boxes), detections.scores, DEVIATION**2
    return state
