"""The Rauch-Tung-Striebel smoother: where an object was while undetected, from detections before and after.

Rauch, Tung and Striebel, "Maximum likelihood estimates of linear dynamic systems", 1965; the computation is filterpy's.
"""

from __future__ import annotations

import numpy as np
from filterpy.kalman import KalmanFilter

from detectors.base import Floats, Ints
from detectors.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from tracker.association.motion_models import CENTRE_SIZE, FRAME, SMALLEST_SIZE

Matrices = list[Floats]


def rts_smooth(frames: Ints, boxes: Floats, times: Floats) -> Floats:
    """Smoothed boxes ``(N, 4)`` of every frame from the first to the last that is given.

    frames: ``(K,)`` ascending rows of `times`. boxes: ``(K, 4)`` xyxy pixels in a picture that does not move. times:
    ``(T,)`` seconds of all frames.

    The motion model is the tracker's, with the noise of the object's median size.
    """
    states = xyxy_to_cxcywh(boxes)
    every = times[frames[0] : frames[-1] + 1]
    if len(every) < 2:
        return np.array(boxes)
    unit = np.maximum(np.median(states[:, [2, 3, 2, 3]], axis=0), SMALLEST_SIZE)
    measured: list[Floats | None] = [None] * len(every)
    for frame, state in zip(frames - frames[0], states, strict=True):
        measured[frame] = state
    transitions, noises = motion(unit, np.diff(every, prepend=every[0]))
    filter_ = _filter(states[0], unit)
    means, covariances, _, _ = filter_.batch_filter(measured, Fs=transitions, Qs=noises)
    means, _, _, _ = filter_.rts_smoother(means, covariances, transitions, noises)
    means = np.asarray(means).reshape(len(every), 8)
    return cxcywh_to_xyxy(np.concatenate([means[:, :2], np.maximum(means[:, 2:4], 0)], axis=1))


def motion(unit: Floats, steps: Floats) -> tuple[Matrices, Matrices]:
    """Transitions and process noises ``(8, 8)`` of steps ``(N,)`` in seconds; `unit` ``(4,)`` is the object's size.

    filterpy predicts before the first measurement; the first step takes no time, so this changes nothing.
    """
    variance = np.concatenate([unit * CENTRE_SIZE.position, unit * CENTRE_SIZE.velocity / FRAME]) ** 2
    return [np.eye(8) + np.eye(8, k=4) * step for step in steps], [np.diag(variance * step / FRAME) for step in steps]


def _filter(start: Floats, unit: Floats) -> KalmanFilter:
    """A filter that has not seen anything, around the box `start` ``(4,)`` as centre and size."""
    filter_ = KalmanFilter(dim_x=8, dim_z=4)
    filter_.x = np.concatenate([start, np.zeros(4)])
    deviation = np.concatenate([unit * CENTRE_SIZE.start_position, unit * CENTRE_SIZE.start_velocity / FRAME])
    filter_.P = np.diag(deviation**2)
    filter_.H = np.eye(4, 8)
    filter_.R = np.diag((unit * CENTRE_SIZE.measurement) ** 2)
    return filter_
