"""A constant-velocity Kalman filter over all tracks at once, with time in seconds.

Kalman, "A new approach to linear filtering and prediction problems" (1960); with the box as state as in Bewley et al.,
"Simple online and realtime tracking" (2016) and Wojke et al., "Simple online and realtime tracking with a deep
association metric" (2017).

Each of the four coordinates of a box moves by itself: the transition and the noise of the 8-dimensional filter of the
papers never mix two of them. Its 8x8 covariance therefore stays four 2x2 blocks, and the whole filter is element-wise
arithmetic on arrays of shape (N, 4): exact, and far cheaper than N matrix products.

For a dozen tracks the time is that of NumPy's calls, whatever they compute. All five columns are therefore one array,
of which rows are taken and put back at once, and every operation is on whole, contiguous blocks of it.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.association.motion_models import FRAME, SMALLEST_SIZE, MotionModel

MEAN, VELOCITY, VAR_MEAN, COV, VAR_VELOCITY = range(5)


class KalmanFilter:
    """The filtered coordinates of N boxes.

    state: ``(5, N, 4)``: the coordinates, in pixels (a ratio has none), their velocities a second, and the three
    entries of each coordinate's 2x2 covariance. noise: factor on the variance of the model's process noise.
    """

    def __init__(self, model: MotionModel) -> None:
        self.model = model
        self.noise = 1.0
        self.state: Floats = np.empty((5, 0, 4))
        # A coordinate without a velocity at the start never gets one.
        velocity = np.where(np.array(model.start_velocity) > 0, model.velocity, 0.0) / FRAME
        self._position_variance, self._velocity_variance, self._measurement_variance = (
            _one_if_equal(np.square(deviations)) for deviations in (model.position, velocity, model.measurement)
        )

    def __len__(self) -> int:
        return len(self.state[0])

    @property
    def mean(self) -> Floats:
        """Coordinates ``(N, 4)``; like the other columns a view of the state, which the next step changes."""
        return np.asarray(self.state[MEAN])

    @property
    def velocity(self) -> Floats:
        """Velocities ``(N, 4)``."""
        return np.asarray(self.state[VELOCITY])

    @property
    def var_mean(self) -> Floats:
        """Variances ``(N, 4)`` of the coordinates."""
        return np.asarray(self.state[VAR_MEAN])

    @property
    def cov(self) -> Floats:
        """Covariances ``(N, 4)`` of each coordinate and its velocity."""
        return np.asarray(self.state[COV])

    @property
    def var_velocity(self) -> Floats:
        """Variances ``(N, 4)`` of the velocities."""
        return np.asarray(self.state[VAR_VELOCITY])

    def append(self, boxes: Floats) -> None:
        """Start filters at xyxy boxes ``(M, 4)``, standing still."""
        self.state = np.concatenate([self.state, self._started(boxes)], axis=1)

    def _started(self, boxes: Floats) -> Floats:
        """The state ``(5, M, 4)`` of filters that start at xyxy boxes ``(M, 4)``."""
        state = np.zeros((5, len(boxes), 4))
        state[MEAN] = self.model.from_boxes(boxes)
        scale = self._scale(state[MEAN])
        state[VAR_MEAN] = (scale * self.model.start_position) ** 2
        state[VAR_VELOCITY] = (scale * self.model.start_velocity / FRAME) ** 2
        return state

    def keep(self, rows: Bools | Ints) -> None:
        """Keep the given filters only."""
        self.state = np.ascontiguousarray(self.state[:, rows])

    def predict(self, seconds: float, share: float = 1.0) -> None:
        """Move every box on by `seconds`: x = F x, P = F P F' + Q with F = [[1, dt], [0, 1]] for each coordinate.

        share: of dt in F, where velocities do not carry on for so long (`VelocityCalibration`).
        """
        mean, velocity, var_mean, cov, var_velocity = self.state
        noise = self._scale(mean)
        noise *= noise
        noise *= self.noise * seconds / FRAME
        step = share * seconds
        drift = step * var_velocity
        var_mean += step * (cov + cov + drift) + noise * self._position_variance
        cov += drift
        var_velocity += noise * self._velocity_variance
        mean += step * velocity

    def propagate(self, seconds: float, rows: Ints, offsets: Floats, deviation: Floats | float) -> None:
        """Predict centres, and correct those of the filters `rows` ``(M,)`` by their measured offsets.

        offsets: ``(M, 2)`` pixels moved meanwhile. deviation: ``(2,)`` pixels, their standard deviation. An offset
        measures the centre relative to the centre before, whose error remains: the state is augmented by the earlier
        position (Roumeliotis and Burdick, "Stochastic cloning", 2002). Sizes stay, since noise in the detector's sizes
        leaves errors in their velocities, which would add up.
        """
        size = self.mean[:, 2:].copy()
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
        variance = self._scale(self.mean[rows]) ** 2 * self._position_variance
        return np.asarray(self.noise * seconds / FRAME * variance[:, :2])

    def update(self, rows: Ints, boxes: Floats) -> Floats:
        """Correct the filters `rows` ``(M,)`` by the measured xyxy boxes ``(M, 4)``: K = P H' / S, x += K y.

        Returns the squared innovations in units of their variances, y^2 / S, ``(M, 4)``.
        """
        state = self.state.take(rows, axis=1)
        mean, velocity, var_mean, cov, var_velocity = state
        innovation = self.model.from_boxes(boxes) - mean
        noise = self._noise_of(mean)
        variance = var_mean + noise
        rest = noise / variance  # 1 - gain, without cancellation where the gain is almost 1
        velocity_gain = cov / variance
        mean += var_mean / variance * innovation
        velocity += velocity_gain * innovation
        var_velocity -= velocity_gain * cov
        np.maximum(var_velocity, 0.0, out=var_velocity)
        var_mean *= rest
        cov *= rest
        self.state[:, rows] = state
        return np.asarray(innovation * innovation / variance)

    def reset(self, rows: Ints, boxes: Floats) -> None:
        """Restart the filters `rows` ``(M,)`` at xyxy boxes ``(M, 4)``, standing still."""
        self.state[:, rows] = self._started(boxes)

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
        mean, velocity = self.state[:VAR_MEAN]
        mean[:, :2], mean[:, 2:] = mean[:, :2] @ linear.T + offset, mean[:, 2:] * scale[2:]
        velocity[:, :2], velocity[:, 2:] = velocity[:, :2] @ linear.T, velocity[:, 2:] * scale[2:]
        self.state[VAR_MEAN:] *= scale**2

    def innovation(self, rows: Ints, boxes: Floats) -> Floats:
        """Innovations ``(M, 4)`` of the filters `rows` by measured xyxy boxes ``(M, 4)``."""
        return np.asarray(self.model.from_boxes(boxes) - self.mean.take(rows, axis=0))

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
        variance = self.var_mean[rows] + self._noise_of(self.mean[rows])  # S = H P H' + R
        return np.asarray((difference**2 / variance[:, None, :]).sum(axis=2))

    def _noise_of(self, mean: Floats) -> Floats:
        """R, ``(R, 4)``, of boxes whose estimated coordinates are `mean` ``(R, 4)``."""
        scale = self._scale(mean)
        return np.asarray(scale * scale * self._measurement_variance)

    def _scale(self, mean: Floats) -> Floats:
        """The lengths ``(R, 4)`` that noise is proportional to."""
        return np.maximum(self.model.noise_scale(mean), SMALLEST_SIZE)


def _one_if_equal(values: Floats) -> Floats:
    """The value ``()`` that all of ``(4,)`` have, or else these: to multiply by one number is quicker."""
    return np.asarray(values[0] if (values == values[0]).all() else values)
