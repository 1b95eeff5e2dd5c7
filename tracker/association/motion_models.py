"""Motion models: which coordinates of a box a Kalman filter estimates, and how uncertain they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detectors.base import Floats
from detectors.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh

FRAME = 1 / 30  # seconds; the papers state noise per frame, of video at about this rate
SMALLEST_SIZE = 1e-3  # pixels; keeps the noise of a degenerate box above zero
# Boxes times these are centres with sizes, and back, to the digit: one term is added to another, or to half of it. One
# product of matrices takes a tenth of the time of columns that are added and put together.
CENTRE_AND_SIZE = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
EDGES = np.array([[1.0, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]])
LEAST = np.array([-np.inf, -np.inf, 0.0, 0.0])  # centre, width and height
SIDES = np.array([2, 3, 2, 3])  # of a centre, width and height, the side along each


@dataclass(frozen=True)
class MotionModel:
    """Which four coordinates a box has in the filter, and how uncertain they are.

    Its functions have names, as a tracker can be pickled with them.

    from_boxes, to_boxes: xyxy ``(N, 4)`` -> coordinates ``(N, 4)`` and back.
    noise_scale: coordinates ``(N, 4)`` -> the length ``(N, 4)`` that the standard deviations below are shares of.
    position, velocity: ``(4,)`` process noise of a coordinate and of its velocity, in a frame of 1/30 s.
    measurement: ``(4,)`` of a detection. start_velocity: ``(4,)`` of a new track, per frame; 0 keeps it at 0 for good.
    scaling: ``(4,)`` exponents: a zoom of the picture by z multiplies each coordinate by z to that power.
    """

    from_boxes: Callable[[Floats], Floats]
    to_boxes: Callable[[Floats], Floats]
    noise_scale: Callable[[Floats], Floats]
    position: tuple[float, float, float, float] = (1 / 20,) * 4
    velocity: tuple[float, float, float, float] = (1 / 160,) * 4
    measurement: tuple[float, float, float, float] = (1 / 20,) * 4
    start_position: tuple[float, float, float, float] = (2 / 20,) * 4
    start_velocity: tuple[float, float, float, float] = (10 / 160,) * 4
    scaling: tuple[int, int, int, int] = (1, 1, 1, 1)


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


def _cxcywh(boxes: Floats) -> Floats:
    return np.asarray(boxes.dot(CENTRE_AND_SIZE))


def _from_cxcywh(state: Floats) -> Floats:
    return np.asarray(np.maximum(state, LEAST).dot(EDGES))


def _side_scale(state: Floats) -> Floats:
    return state.take(SIDES, axis=1)


def _height_scale(state: Floats) -> Floats:
    h = state[:, 3]
    return np.stack([h, h, np.ones_like(h), h], axis=1)


def _area_scale(state: Floats) -> Floats:
    s = np.maximum(state[:, 2], 0)
    side = np.sqrt(s)
    return np.stack([side, side, s, np.ones_like(s)], axis=1)


CENTRE_SIZE = MotionModel(from_boxes=_cxcywh, to_boxes=_from_cxcywh, noise_scale=_side_scale)
"""Centre, width and height, each with a velocity; noise in proportion to the side along it."""

CENTRE_ASPECT_HEIGHT = MotionModel(
    from_boxes=_cxcyah,
    to_boxes=_from_cxcyah,
    noise_scale=_height_scale,
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
    noise_scale=_area_scale,
    position=(1 / 20, 1 / 20, 1 / 10, 1e-2),
    velocity=(1 / 160, 1 / 160, 1 / 80, 0.0),
    measurement=(1 / 20, 1 / 20, 1 / 10, 1e-1),
    start_position=(2 / 20, 2 / 20, 2 / 10, 1e-1),
    start_velocity=(10 / 160, 10 / 160, 10 / 80, 0.0),
    scaling=(1, 1, 2, 0),
)
"""SORT's state: centre, area and aspect ratio; the ratio has no velocity."""
