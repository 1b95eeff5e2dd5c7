"""What each track usually looks like to the detector: how tall it is, how steady that is, and how it scores.

The filter follows the height within three frames, so that a box cut off by somebody in front, or one that belongs to
somebody else, is soon what it expects. Over a longer time people who walk stay as tall as they are, each in his own
place; dancers do not. The variance says which.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints

MEMORY, VARIANCE_MEMORY = 0.3, 0.6  # seconds after which a detection counts for 1/e, in the means and in the variance
DEVIATION = 0.1  # of the natural logarithm of a new track's height


class RunningMeans:
    """The means of N tracks, row by row."""

    def __init__(self) -> None:
        self._means, self._variances = np.empty((0, 2)), np.empty(0)

    @property
    def log_heights(self) -> Floats:
        """Natural logarithms ``(N,)`` of the heights in pixels."""
        return np.asarray(self._means[:, 0])

    @property
    def height_variances(self) -> Floats:
        """Variances ``(N,)`` of `log_heights`."""
        return self._variances

    @property
    def scores(self) -> Floats:
        """Scores ``(N,)``."""
        return np.asarray(self._means[:, 1])

    def append(self, detections: Detections) -> None:
        """Add tracks that start at these detections."""
        self._means = np.concatenate([self._means, _shown(detections)])
        self._variances = np.concatenate([self._variances, np.full(len(detections), DEVIATION**2)])

    def update(self, rows: Ints, detections: Detections, hits: Ints, elapsed: Floats) -> None:
        """Take in the detections ``(R,)`` of the tracks `rows`, which have `hits` ``(R,)`` with these.

        elapsed: ``(R,)`` seconds since the detections before.
        """
        difference = _shown(detections) - self._means[rows]
        share = np.maximum(1 / hits, 1 - np.exp(-elapsed / MEMORY))
        self._means[rows] += share[:, None] * difference
        share = 1 - np.exp(-elapsed / VARIANCE_MEMORY)
        self._variances[rows] += share * (difference[:, 0] ** 2 - self._variances[rows])

    def keep(self, rows: Bools) -> None:
        """Keep the given tracks only."""
        self._means, self._variances = self._means[rows], self._variances[rows]


def log_heights(boxes: Floats) -> Floats:
    """Natural logarithms ``(N,)`` of the heights of xyxy boxes ``(N, 4)``, a thousandth of a pixel at least."""
    return np.asarray(np.log(np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)))


def _shown(detections: Detections) -> Floats:
    return np.stack([log_heights(detections.boxes), detections.scores], axis=1)
