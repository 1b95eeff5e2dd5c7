"""A constant-velocity Kalman filter over all tracks at once, with time in seconds.

Kalman, "A new approach to linear filtering and prediction problems" (1960); with the box as state as in Bewley et al.,
"Simple online and realtime tracking" (2016) and Wojke et al., "Simple online and realtime tracking with a deep
association metric" (2017).

Each of the four coordinates of a box moves by itself: the transition and the noise of the 8-dimensional filter of the
papers never mix two of them. Its 8x8 covariance therefore stays four 2x2 blocks, and the whole filter is element-wise
arithmetic on arrays of shape (N, 4): exact, and far cheaper than N matrix products.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.association.motion_models import FRAME, SMALLEST_SIZE, MotionModel

COLUMNS = ("mean", "velocity", "var_mean", "cov", "var_velocity")


class KalmanFilter:
    """The filtered coordinates of N boxes.

    mean: ``(N, 4)`` coordinates, pixels (a ratio has none). velocity: ``(N, 4)`` of each coordinate, per second.
    var_mean, cov, var_velocity: ``(N, 4)`` the entries of each coordinate's 2x2 covariance.
    noise: factor on the variance of the model's process noise.
    """

    def __init__(self, model: MotionModel) -> None:
        self.model = model
        self.noise = 1.0
        # As arrays, once: NumPy would make them at each step.
        self._position_noise, self._velocity_noise = np.array(model.position), np.array(model.velocity)
        self._measurement_noise = np.array(model.measurement)
        self._has_velocity = np.array(model.start_velocity) > 0
        self.mean, self.velocity, self.var_mean, self.cov, self.var_velocity = (np.empty((0, 4)) for _ in range(5))

    def __len__(self) -> int:
        return len(self.mean)

    def append(self, boxes: Floats) -> None:
        """Start filters at xyxy boxes ``(M, 4)``, standing still."""
        mean = self.model.from_boxes(boxes)
        scale = self._scale(mean)
        zeros = np.zeros_like(mean)
        self.mean = np.concatenate([self.mean, mean])
        self.velocity = np.concatenate([self.velocity, zeros])
        self.var_mean = np.concatenate([self.var_mean, (scale * self.model.start_position) ** 2])
        self.cov = np.concatenate([self.cov, zeros])
        self.var_velocity = np.concatenate([self.var_velocity, (scale * self.model.start_velocity / FRAME) ** 2])

    def keep(self, rows: Bools | Ints) -> None:
        """Keep the given filters only."""
        self.mean, self.velocity, self.var_mean, self.cov, self.var_velocity = (
            column[rows] for column in (self.mean, self.velocity, self.var_mean, self.cov, self.var_velocity)
        )

    def predict(self, seconds: float) -> None:
        """Move every box on by `seconds`: x = F x, P = F P F' + Q with F = [[1, dt], [0, 1]] for each coordinate."""
        scale = self._scale(self.mean)
        frames = seconds / FRAME
        self.mean = self.mean + seconds * self.velocity
        self.var_mean = (
            self.var_mean
            + 2 * seconds * self.cov
            + seconds**2 * self.var_velocity
            + self.noise * (scale * self._position_noise) ** 2 * frames
        )
        self.cov = self.cov + seconds * self.var_velocity
        growth = self.noise * (scale * self._velocity_noise / FRAME) ** 2 * frames
        self.var_velocity = self.var_velocity + growth * self._has_velocity

    def propagate(self, seconds: float, rows: Ints, offsets: Floats, deviation: Floats | float) -> None:
        """Predict centres, and correct those of the filters `rows` ``(M,)`` by their measured offsets.

        offsets: ``(M, 2)`` pixels moved meanwhile. deviation: ``(2,)`` pixels, their standard deviation. An offset
        measures the centre relative to the centre before, whose error remains: the state is augmented by the earlier
        position (Roumeliotis and Burdick, "Stochastic cloning", 2002). Sizes stay, since noise in the detector's sizes
        leaves errors in their velocities, which would add up.
        """
        size = self.mean[:, 2:]
        drift, variance = self._random_walk(seconds, rows), self.var_velocity[rows, :2]
        shared = seconds * self.cov[rows, :2] + seconds**2 * variance + drift  # covariance of offset and centre
        total = seconds**2 * variance + drift + deviation**2
        gain, velocity_gain = shared / total, seconds * variance / total
        innovation = offsets - seconds * self.velocity[rows, :2]
        self.predict(seconds)
        self.mean[:, 2:] = size
        at = np.ix_(rows, np.arange(2))
        self.mean[at] += gain * innovation
        self.velocity[at] += velocity_gain * innovation
        self.var_mean[at] = np.maximum(self.var_mean[at] - gain**2 * total, 0.0)
        self.cov[at] -= gain * velocity_gain * total
        self.var_velocity[at] = np.maximum(self.var_velocity[at] - velocity_gain**2 * total, 0.0)

    def position_uncertainty(self, seconds: float, rows: Ints, seen: Bools, deviation: Floats | float) -> Floats:
        """Standard deviation ``(M,)`` of the centres of the filters `rows` ``(M,)`` in `seconds`, in shares of scale.

        Of x or y, whichever is larger. seen: ``(M,)``, whose displacement until then is measured, with a standard
        deviation of `deviation` ``(2,)`` pixels.
        """
        mean, cov, velocity = self.var_mean[rows, :2], self.cov[rows, :2], self.var_velocity[rows, :2]
        predicted = mean + 2 * seconds * cov + seconds**2 * velocity + self._random_walk(seconds, rows)
        variance = np.where(seen[:, None], mean + deviation**2, predicted)
        return np.asarray((np.sqrt(variance) / self._scale(self.mean[rows])[:, :2]).max(axis=1))

    def _random_walk(self, seconds: float, rows: Ints) -> Floats:
        """Variance ``(M, 2)`` that the process noise adds to the centres of the filters `rows` in `seconds`."""
        return np.asarray(
            self.noise * (self._scale(self.mean[rows]) * self._position_noise)[:, :2] ** 2 * seconds / FRAME
        )

    def update(self, rows: Ints, boxes: Floats) -> None:
        """Correct the filters `rows` ``(M,)`` by the measured xyxy boxes ``(M, 4)``: K = P H' / S, x += K y."""
        mean, var_mean, cov = self.mean[rows], self.var_mean[rows], self.cov[rows]
        innovation = self.model.from_boxes(boxes) - mean
        noise = self._measurement_variance(mean)
        variance = var_mean + noise
        gain, velocity_gain = var_mean / variance, cov / variance
        rest = noise / variance  # 1 - gain, without cancellation where the gain is almost 1
        self.mean[rows] = mean + gain * innovation
        self.velocity[rows] += velocity_gain * innovation
        self.var_velocity[rows] = np.maximum(self.var_velocity[rows] - velocity_gain * cov, 0.0)
        self.cov[rows] = cov * rest
        self.var_mean[rows] = var_mean * rest

    def reset(self, rows: Ints, boxes: Floats) -> None:
        """Restart the filters `rows` ``(M,)`` at xyxy boxes ``(M, 4)``, standing still."""
        fresh = KalmanFilter(self.model)
        fresh.append(boxes)
        for name in COLUMNS:
            getattr(self, name)[rows] = getattr(fresh, name)

    def shift(self, offset: Floats, velocity: Floats) -> None:
        """Move every box by `offset` ``(2,)`` pixels, and add `velocity` ``(2,)`` pixels a second to its velocity."""
        self.mean[:, :2] += offset
        self.velocity[:, :2] += velocity

    def warp(self, affine: Floats) -> None:
        """Move every box with the camera: `affine` ``(2, 3)`` maps points of the last picture to this one.

        Centres and their velocities are mapped, sizes scaled by the mean change of scale, as a turned box is no box.
        Covariances are scaled; that a turn mixes those of x and y is left out, since from one picture to the next a
        camera turns by a degree at most.
        """
        linear, offset = affine[:, :2], affine[:, 2]
        scale = np.sqrt(abs(np.linalg.det(linear))) ** np.asarray(self.model.scaling)
        self.mean = np.concatenate([self.mean[:, :2] @ linear.T + offset, self.mean[:, 2:] * scale[2:]], axis=1)
        self.velocity = np.concatenate([self.velocity[:, :2] @ linear.T, self.velocity[:, 2:] * scale[2:]], axis=1)
        self.var_mean, self.cov, self.var_velocity = (
            column * scale**2 for column in (self.var_mean, self.cov, self.var_velocity)
        )

    def innovation(self, rows: Ints, boxes: Floats) -> Floats:
        """Innovations ``(M, 4)`` of the filters `rows` by measured xyxy boxes ``(M, 4)``."""
        return np.asarray(self.model.from_boxes(boxes) - self.mean[rows])

    def innovation_and_variance(self, rows: Ints, boxes: Floats) -> tuple[Floats, Floats]:
        """Innovations of the filters `rows` by measured xyxy boxes ``(M, 4)``, and their variances, ``(M, 4)`` each."""
        mean = self.mean[rows]
        return self.model.from_boxes(boxes) - mean, self.var_mean[rows] + self._measurement_variance(mean)

    def centres(self) -> Floats:
        """The estimated centres of the boxes, ``(N, 2)``."""
        return np.array(self.mean[:, :2])

    def boxes(self) -> Floats:
        """The estimated boxes, xyxy ``(N, 4)``."""
        return self.model.to_boxes(self.mean)

    def gating_distance(self, rows: Ints, boxes: Floats) -> Floats:
        """Squared Mahalanobis distances ``(R, M)`` of the filters `rows` and measured xyxy boxes ``(M, 4)``.

        DeepSORT, equation 1. Distributed as chi-square with 4 degrees of freedom where filter and box belong together.
        """
        difference = self.model.from_boxes(boxes)[None, :, :] - self.mean[rows][:, None, :]
        variance = self.var_mean[rows] + self._measurement_variance(self.mean[rows])  # S = H P H' + R
        return np.asarray((difference**2 / variance[:, None, :]).sum(axis=2))

    def _measurement_variance(self, mean: Floats) -> Floats:
        """R, ``(R, 4)``, of boxes whose estimated coordinates are `mean` ``(R, 4)``."""
        return np.asarray((self._scale(mean) * self._measurement_noise) ** 2)

    def _scale(self, mean: Floats) -> Floats:
        """The lengths ``(R, 4)`` that noise is proportional to."""
        return np.maximum(self.model.noise_scale(mean), SMALLEST_SIZE)
