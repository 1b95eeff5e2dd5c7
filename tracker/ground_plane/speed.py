"""Speed on the ground, from places that tremble: a straight line through those of the last second."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from detectors.base import Floats

WINDOW = 1.0  # seconds: an object keeps its speed for about as long
SAMPLES = 5  # at least, of slow sources too
MOST_SAMPLES = 32  # in a window: more tell little more, as neighbouring errors are alike
SHORTEST = 0.35  # of the window that has to be seen before a speed is told
ALIKE = 3.0  # how many neighbouring samples count as one: errors of boxes last for some frames


class Motion(NamedTuple):
    """place, velocity: ``(2,)`` metres, and metres a second. speed: metres a second. place_error, error: of place and
    speed, one standard deviation.
    """

    place: Floats
    velocity: Floats
    speed: float
    place_error: float
    error: float


class RecentPlaces:
    """The places of one object in the last second or so. interval: seconds between two frames, about."""

    def __init__(self, interval: float) -> None:
        self._window = max(WINDOW, SAMPLES * interval)
        self._samples: deque[tuple[float, Floats, Floats]] = deque()

    def add(self, time: float, place: Floats, weight: Floats) -> None:
        """A place ``(2,)`` in metres at a time in seconds. weight: ``(2, 2)``, the inverse of its covariance."""
        while self._samples and time - self._samples[0][0] > self._window:
            self._samples.popleft()
        if len(self._samples) > 1 and self._samples[-1][0] - self._samples[-2][0] < self._window / MOST_SAMPLES:
            self._samples.pop()
        self._samples.append((time, place, weight))

    @property
    def length(self) -> float:
        """Seconds from the first of the places to the last."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0

    def motion(self, now: float) -> Motion | None:
        """Where the object is and how it moves, by weighted least squares; None where too little was seen of it.

        With W the weights and t the times, counted from now, place p and velocity v solve
        [sum W, sum tW; sum tW, sum t²W] [p; v] = [sum W x; sum tW x]; the inverse of the matrix is their covariance,
        enlarged where the residuals are larger than the weights say, and as neighbouring errors are alike.
        """
        samples = self._samples
        if len(samples) < SAMPLES - 1 or samples[-1][0] - samples[0][0] < SHORTEST * self._window:
            return None
        if now - samples[-1][0] > self._window / 2:
            return None
        times = np.array([sample[0] for sample in samples]) - now
        places, weights = (np.array([sample[k] for sample in samples]) for k in (1, 2))
        moments = [np.einsum("n,nij->ij", times**power, weights) for power in range(3)]
        sums = np.einsum("nk,nij,nj->ki", np.column_stack([np.ones_like(times), times]), weights, places)
        matrix = np.block([[moments[0], moments[1]], [moments[1], moments[2]]])
        covariance = np.linalg.inv(matrix)
        found = covariance @ sums.ravel()
        residuals = places - found[:2] - times[:, None] * found[2:]
        misfit = float(np.einsum("ni,nij,nj->", residuals, weights, residuals)) / (2 * len(times) - 4)
        return _motion(found, covariance * max(1.0, misfit) * min(ALIKE, len(times) / 2))


def _motion(found: Floats, covariance: Floats) -> Motion:
    """Of place and velocity ``(4,)`` and their covariance ``(4, 4)``."""
    place, velocity = found[:2], found[2:]
    speed = float(np.linalg.norm(velocity))
    along = velocity / speed if speed > 0 else np.array([1.0, 0.0])
    place_error = np.sqrt(np.linalg.eigvalsh(covariance[:2, :2])[-1])
    return Motion(place, velocity, speed, float(place_error), float(np.sqrt(along @ covariance[2:, 2:] @ along)))
