"""A constant-velocity Kalman filter over all tracks at once, with time in seconds.

Kalman, "A new approach to linear filtering and prediction problems" (1960); with the box as state as in Bewley et al.,
"Simple online and realtime tracking" (2016) and Wojke et al., "Simple online and realtime tracking with a deep
association metric" (2017).

Each of the four coordinates of a box moves by itself: the transition and the noise of the 8-dimensional filter of the
papers never mix two of them. Its 8x8 covariance therefore stays four 2x2 blocks, and the whole filter is element-wise
arithmetic on arrays of shape (N, 4): exact, and far cheaper than N matrix products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh

FRAME = 1 / 30  # seconds; the papers state noise per frame, of video at about this rate
SMALLEST_SIZE = 1e-3  # pixels; keeps the noise of a degenerate box above zero


@dataclass(frozen=True)
class MotionModel:
    """Which four coordinates a box has in the filter, and how uncertain they are.

    from_boxes, to_boxes: xyxy ``(N, 4)`` -> coordinates ``(N, 4)`` and back.
    unit: coordinates ``(N, 4)`` -> the length ``(N, 4)`` that the standard deviations below are shares of.
    position, velocity: ``(4,)`` random walk of a coordinate and of its velocity, in a frame of 1/30 s.
    measurement: ``(4,)`` of a detection. start_velocity: ``(4,)`` of a new track, per frame; 0 keeps it still for good.
    scaling: ``(4,)`` the power of a zoom of the picture by which each coordinate grows with it.
    """

    from_boxes: Callable[[Floats], Floats]
    to_boxes: Callable[[Floats], Floats]
    unit: Callable[[Floats], Floats]
    position: tuple[float, float, float, float] = (1 / 20,) * 4
    velocity: tuple[float, float, float, float] = (1 / 160,) * 4
    measurement: tuple[float, float, float, float] = (1 / 20,) * 4
    start_position: tuple[float, float, float, float] = (2 / 20,) * 4
    start_velocity: tuple[float, float, float, float] = (10 / 160,) * 4
    scaling: tuple[int, int, int, int] = (1, 1, 1, 1)


class KalmanFilter:
    """The filtered coordinates of N boxes.

    mean: ``(N, 4)`` coordinates, pixels (a ratio has none). rate: ``(N, 4)`` their velocities, per second.
    var_mean, cov, var_rate: ``(N, 4)`` the entries of each coordinate's 2x2 covariance.
    noise: factor on the variance of the model's process noise.
    """

    def __init__(self, model: MotionModel) -> None:
        self.model = model
        self.noise = 1.0
        self._position, self._velocity, self._measurement = (  # as arrays, once: NumPy would make them at each step
            np.array(shares) for shares in (model.position, model.velocity, model.measurement)
        )
        self._moves = np.array(model.start_velocity) > 0
        self.mean, self.rate, self.var_mean, self.cov, self.var_rate = (np.empty((0, 4)) for _ in range(5))

    def __len__(self) -> int:
        return len(self.mean)

    def append(self, boxes: Floats) -> None:
        """Start filters at xyxy boxes ``(M, 4)``, standing still."""
        mean = self.model.from_boxes(boxes)
        unit = self._unit(mean)
        zeros = np.zeros_like(mean)
        self.mean = np.concatenate([self.mean, mean])
        self.rate = np.concatenate([self.rate, zeros])
        self.var_mean = np.concatenate([self.var_mean, (unit * self.model.start_position) ** 2])
        self.cov = np.concatenate([self.cov, zeros])
        self.var_rate = np.concatenate([self.var_rate, (unit * self.model.start_velocity / FRAME) ** 2])

    def keep(self, rows: Bools | Ints) -> None:
        """Keep the given filters only."""
        self.mean, self.rate, self.var_mean, self.cov, self.var_rate = (
            column[rows] for column in (self.mean, self.rate, self.var_mean, self.cov, self.var_rate)
        )

    def predict(self, seconds: float) -> None:
        """Move every box on by `seconds`: x = F x, P = F P F' + Q with F = [[1, dt], [0, 1]] for each coordinate."""
        unit = self._unit(self.mean)
        frames = seconds / FRAME
        self.mean = self.mean + seconds * self.rate
        self.var_mean = (
            self.var_mean
            + 2 * seconds * self.cov
            + seconds**2 * self.var_rate
            + self.noise * (unit * self._position) ** 2 * frames
        )
        self.cov = self.cov + seconds * self.var_rate
        growth = self.noise * (unit * self._velocity / FRAME) ** 2 * frames
        self.var_rate = self.var_rate + growth * self._moves

    def carry(self, seconds: float, rows: Ints, offsets: Floats, deviation: Floats | float) -> None:
        """Predict centres only, and correct the filters `rows` ``(M,)`` by how far theirs were seen to move meanwhile.

        offsets: ``(M, 2)`` pixels. deviation: ``(2,)`` pixels, their standard deviation. A way that was seen tells of
        the centre now against the centre before, whose own error it shares and cannot mend: the filter of the state
        with the earlier position kept beside it (Roumeliotis and Burdick, "Stochastic cloning", 2002). Sizes stay: as
        a detector sees them they tremble, and what that leaves in their velocities would add up.
        """
        size = self.mean[:, 2:]
        walk, variance = self._walk(seconds, rows), self.var_rate[rows, :2]
        reach = seconds * self.cov[rows, :2] + seconds**2 * variance + walk  # covariance of the way and where it ends
        total = seconds**2 * variance + walk + deviation**2
        gain, rate_gain = reach / total, seconds * variance / total
        innovation = offsets - seconds * self.rate[rows, :2]
        self.predict(seconds)
        self.mean[:, 2:] = size
        at = np.ix_(rows, np.arange(2))
        self.mean[at] += gain * innovation
        self.rate[at] += rate_gain * innovation
        self.var_mean[at] = np.maximum(self.var_mean[at] - gain**2 * total, 0.0)
        self.cov[at] -= gain * rate_gain * total
        self.var_rate[at] = np.maximum(self.var_rate[at] - rate_gain**2 * total, 0.0)

    def spread(self, seconds: float, rows: Ints, seen: Bools, deviation: Floats | float) -> Floats:
        """How far ``(M,)`` the centres of the filters `rows` ``(M,)`` may be off in `seconds`, in shares of their unit.

        The standard deviation, of x or y, whichever is larger. seen: ``(M,)``, whose way there is seen, with a standard
        deviation of `deviation` ``(2,)`` pixels.
        """
        mean, cov, rate = self.var_mean[rows, :2], self.cov[rows, :2], self.var_rate[rows, :2]
        led = mean + 2 * seconds * cov + seconds**2 * rate + self._walk(seconds, rows)
        variance = np.where(seen[:, None], mean + deviation**2, led)
        return np.asarray((np.sqrt(variance) / self._unit(self.mean[rows])[:, :2]).max(axis=1))

    def _walk(self, seconds: float, rows: Ints) -> Floats:
        """Variance ``(M, 2)`` by which the centres of the filters `rows` wander off their course in `seconds`."""
        return np.asarray(self.noise * (self._unit(self.mean[rows]) * self._position)[:, :2] ** 2 * seconds / FRAME)

    def update(self, rows: Ints, boxes: Floats) -> None:
        """Correct the filters `rows` ``(M,)`` by the measured xyxy boxes ``(M, 4)``: K = P H' / S, x += K y."""
        mean, var_mean, cov = self.mean[rows], self.var_mean[rows], self.cov[rows]
        innovation = self.model.from_boxes(boxes) - mean
        noise = self._measurement_variance(mean)
        variance = var_mean + noise
        gain, rate_gain = var_mean / variance, cov / variance
        rest = noise / variance  # 1 - gain, without cancellation where the gain is almost 1
        self.mean[rows] = mean + gain * innovation
        self.rate[rows] += rate_gain * innovation
        self.var_rate[rows] = np.maximum(self.var_rate[rows] - rate_gain * cov, 0.0)
        self.cov[rows] = cov * rest
        self.var_mean[rows] = var_mean * rest

    def reset(self, rows: Ints, boxes: Floats) -> None:
        """Start the filters `rows` ``(M,)`` anew at xyxy boxes ``(M, 4)``, standing still."""
        fresh = KalmanFilter(self.model)
        fresh.append(boxes)
        for name in ("mean", "rate", "var_mean", "cov", "var_rate"):
            getattr(self, name)[rows] = getattr(fresh, name)

    def shift(self, offset: Floats, rate: Floats) -> None:
        """Move every box by `offset` ``(2,)`` pixels, and add `rate` ``(2,)`` pixels a second to its velocity."""
        self.mean[:, :2] += offset
        self.rate[:, :2] += rate

    def warp(self, affine: Floats) -> None:
        """Move every box with the camera: `affine` ``(2, 3)`` maps points of the last picture to this one.

        Centres and their velocities are mapped, sizes scaled by the mean change of scale, as a turned box is no box.
        Covariances are scaled; that a turn mixes those of x and y is left out, since from one picture to the next a
        camera turns by a degree at most.
        """
        linear, offset = affine[:, :2], affine[:, 2]
        scale = np.sqrt(abs(np.linalg.det(linear))) ** np.asarray(self.model.scaling)
        self.mean = np.concatenate([self.mean[:, :2] @ linear.T + offset, self.mean[:, 2:] * scale[2:]], axis=1)
        self.rate = np.concatenate([self.rate[:, :2] @ linear.T, self.rate[:, 2:] * scale[2:]], axis=1)
        self.var_mean, self.cov, self.var_rate = (
            column * scale**2 for column in (self.var_mean, self.cov, self.var_rate)
        )

    def innovation(self, rows: Ints, boxes: Floats) -> Floats:
        """Innovations ``(M, 4)`` of the filters `rows` by measured xyxy boxes ``(M, 4)``."""
        return np.asarray(self.model.from_boxes(boxes) - self.mean[rows])

    def surprise(self, rows: Ints, boxes: Floats) -> tuple[Floats, Floats]:
        """Innovations of the filters `rows` by measured xyxy boxes ``(M, 4)``, and their variances, ``(M, 4)`` each."""
        mean = self.mean[rows]
        return self.model.from_boxes(boxes) - mean, self.var_mean[rows] + self._measurement_variance(mean)

    def centres(self) -> Floats:
        """Where the middles of the boxes are believed to be now, ``(N, 2)``."""
        return np.array(self.mean[:, :2])

    def boxes(self) -> Floats:
        """The boxes as they are believed to be now, xyxy ``(N, 4)``."""
        return self.model.to_boxes(self.mean)

    def gating_distance(self, rows: Ints, boxes: Floats) -> Floats:
        """Squared Mahalanobis distances ``(R, M)`` of the filters `rows` and measured xyxy boxes ``(M, 4)``.

        DeepSORT, equation 1. Distributed as chi-square with 4 degrees of freedom where filter and box belong together.
        """
        difference = self.model.from_boxes(boxes)[None, :, :] - self.mean[rows][:, None, :]
        variance = self.var_mean[rows] + self._measurement_variance(self.mean[rows])  # S = H P H' + R
        return np.asarray((difference**2 / variance[:, None, :]).sum(axis=2))

    def _measurement_variance(self, mean: Floats) -> Floats:
        """R, ``(R, 4)``, of boxes whose coordinates are believed to be `mean` ``(R, 4)``."""
        return np.asarray((self._unit(mean) * self._measurement) ** 2)

    def _unit(self, mean: Floats) -> Floats:
        return np.maximum(self.model.unit(mean), SMALLEST_SIZE)


def _cxcyah(boxes: Floats) -> Floats:
    x, y, w, h = xyxy_to_cxcywh(boxes).T
    return np.stack([x, y, w / np.maximum(h, SMALLEST_SIZE), h], axis=1)


def _from_cxcyah(state: Floats) -> Floats:
    x, y, a, h = state.T
    return cxcywh_to_xyxy(np.stack([x, y, np.maximum(a * h, 0), np.maximum(h, 0)], axis=1))


def _cxcysr(boxes: Floats) -> Floats:
    x, y, w, h = xyxy_to_cxcywh(boxes).T
    return np.stack([x, y, w * h, w / np.maximum(h, SMALLEST_SIZE)], axis=1)


def _from_cxcysr(state: Floats) -> Floats:
    x, y, s, r = state.T
    s, r = np.maximum(s, 0), np.maximum(r, SMALLEST_SIZE)
    return cxcywh_to_xyxy(np.stack([x, y, np.sqrt(s * r), np.sqrt(s / r)], axis=1))


def _from_cxcywh(state: Floats) -> Floats:
    return cxcywh_to_xyxy(np.concatenate([state[:, :2], np.maximum(state[:, 2:], 0)], axis=1))


def _height_unit(state: Floats) -> Floats:
    h = state[:, 3]
    return np.stack([h, h, np.ones_like(h), h], axis=1)


def _area_unit(state: Floats) -> Floats:
    s = np.maximum(state[:, 2], 0)
    side = np.sqrt(s)
    return np.stack([side, side, s, np.ones_like(s)], axis=1)


CENTRE_SIZE = MotionModel(from_boxes=xyxy_to_cxcywh, to_boxes=_from_cxcywh, unit=lambda state: state[:, [2, 3, 2, 3]])
"""Centre, width and height, each with a velocity; noise in proportion to the side along it."""

CENTRE_ASPECT_HEIGHT = MotionModel(
    from_boxes=_cxcyah,
    to_boxes=_from_cxcyah,
    unit=_height_unit,
    position=(1 / 20, 1 / 20, 1e-2, 1 / 20),
    velocity=(1 / 160, 1 / 160, 1e-5, 1 / 160),
    measurement=(1 / 20, 1 / 20, 1e-1, 1 / 20),
    start_position=(2 / 20, 2 / 20, 1e-2, 2 / 20),
    start_velocity=(10 / 160, 10 / 160, 1e-5, 10 / 160),
    scaling=(1, 1, 0, 1),
)
"""DeepSORT's state: centre, aspect ratio and height, each with a velocity; noise in proportion to the height."""

CENTRE_AREA_RATIO = MotionModel(
    from_boxes=_cxcysr,
    to_boxes=_from_cxcysr,
    unit=_area_unit,
    position=(1 / 20, 1 / 20, 1 / 10, 1e-2),
    velocity=(1 / 160, 1 / 160, 1 / 80, 0.0),
    measurement=(1 / 20, 1 / 20, 1 / 10, 1e-1),
    start_position=(2 / 20, 2 / 20, 2 / 10, 1e-1),
    start_velocity=(10 / 160, 10 / 160, 10 / 80, 0.0),
    scaling=(1, 1, 2, 0),
)
"""SORT's state: centre, area and aspect ratio; the ratio has no velocity."""
