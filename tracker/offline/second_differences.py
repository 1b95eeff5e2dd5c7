"""Second differences of the paths of many tracks: how velocity changes from one box to the next.

A path of constant velocity has none. Penalising them is Whittaker's smoothing, "On a new method of graduation" (1922),
and gives the same as Rauch, Tung and Striebel's smoother for a velocity that is a random walk. They are rows of one
matrix with three numbers in each, so one banded system smooths all paths, in linear time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detectors.base import Floats, Ints

CLOSEST = 0.1  # of the median time between two boxes: closer ones, by an odd clock, count as so far apart
SHORTEST = 1e-3  # seconds: the same, whatever the median is


@dataclass(frozen=True, eq=False)
class SecondDifferences:
    """The operator: one row for each three boxes in a row of one track, M in all, over N boxes.

    rows: ``(M,)``, the first of the three. weights: ``(3, M)``, of the three. The differences are in sizes of the
    object, divided by the root of the time around them: where velocity is a random walk, all have the same variance.
    count: N.
    """

    rows: Ints
    weights: Floats
    count: int

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of_paths(cls, times: Floats, owners: Ints, sizes: Floats) -> SecondDifferences:
        """times: ``(N,)`` seconds. owners: ``(N,)``, numbers of the tracks. sizes: ``(N,)``, of the objects."""
        steps, inside = np.diff(times), np.diff(owners) == 0
        rows = np.flatnonzero(inside[:-1] & inside[1:])
        if not len(rows):
            return cls(rows, np.zeros((3, 0)), len(times))
        steps = np.maximum(steps, max(CLOSEST * np.median(steps[inside]), SHORTEST))
        before, after = steps[rows], steps[rows + 1]
        root = np.sqrt((before + after) / 2)
        weights = np.stack([1 / before, -(1 / before + 1 / after), 1 / after]) / root
        here = sizes[rows + 1]
        scale = np.stack([sizes[rows] / here, np.ones(len(rows)), sizes[rows + 2] / here])
        return cls(rows, weights * scale, len(times))

    def apply(self, values: Floats) -> Floats:
        """The differences ``(M, C)`` of values ``(N, C)``, which are in sizes of the object."""
        first, second, third = self.weights[:, :, None]
        return np.asarray(first * values[self.rows] + second * values[self.rows + 1] + third * values[self.rows + 2])

    def apply_transpose(self, differences: Floats) -> Floats:
        """The transpose of `apply`: ``(M, C)`` -> ``(N, C)``."""
        found = np.zeros((self.count, differences.shape[1]))
        for place, weight in enumerate(self.weights):
            found[self.rows + place] += weight[:, None] * differences
        return found

    def scaled(self, factors: Floats) -> SecondDifferences:
        """Each row multiplied by one of the factors ``(M,)``."""
        return replace(self, weights=self.weights * factors)

    def covariance(self) -> Floats:
        """Covariance of the differences of independent values of variance 1: lower bands ``(3, M)``."""
        first, second, third = self.weights
        bands = np.zeros((3, len(self.rows)))
        bands[0] = (self.weights**2).sum(axis=0)
        next_, overnext = np.diff(self.rows) == 1, self.rows[2:] - self.rows[:-2] == 2
        bands[1, :-1] = next_ * (second[:-1] * first[1:] + third[:-1] * second[1:])
        bands[2, : len(overnext)] = overnext * third[: len(overnext)] * first[2:]
        return bands

    def penalty(self) -> Floats:
        """The sum of all squared differences as a quadratic form of the values: upper bands ``(3, N)``."""
        bands = np.zeros((3, self.count))
        for left in range(3):
            for right in range(left, 3):
                bands[2 - (right - left), self.rows + right] += self.weights[left] * self.weights[right]
        return bands
