"""The camera's motion, estimated from the pictures themselves.

Corners of the background are followed from picture to picture, and the motion that most of them agree on is taken:
global motion compensation as in Aharon et al., "BoT-SORT: Robust associations multi-pedestrian tracking" (2022),
section 3.2. Unlike there, a camera that stands still is recognised: tracks are then exactly what they are without this
estimate, and only a few points are watched.

Points that do not move show that the camera stands still, whatever else moves. Pictures are compared with the one since
which it has stood still, not with the last one: an object that passes hides points of the background, but does not move
them.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Floats, Frame
from tracker.motion.downscaling import Downscaler, SmallFrame, downscale
from tracker.motion.optical_flow import global_shift, optical_flow, track_points
from tracker.motion.similarity_transform import (
    MAX_REST,
    MIN_POINTS,
    at_rest,
    consensus_motion,
    picture_corners,
    transform_points,
)

RESTING_FRAMES = 3  # frames at rest after which a few points are enough to watch
WATCHED_POINTS = 48  # points to watch while the camera stands still
STATIC_SHARE = 0.05  # share of points that stand still from which no large shift of the whole picture is looked for
REFERENCE_MAX_AGE = 2.0  # seconds after which the picture to compare with is renewed, as light and shadows change


class EstimatedCameraMotion:
    """Camera motion from pictures; remembers the last one, or that since which the camera has stood still.

    downscale: the `Downscaler`, so that others can share it.

    Frames without pictures, cuts and changes of size make it start anew. Where motion cannot be estimated (no corners,
    nothing in common, objects everywhere) it counts as none.
    """

    def __init__(self, downscale: Downscaler = downscale) -> None:
        self._downscale = downscale
        self._forget()

    def _forget(self) -> None:
        self._reference: SmallFrame | None = None
        self._watched = np.empty((0, 2))
        self._resting = 0

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The similarity ``(2, 3)`` from the frame before; see `CameraMotion`."""
        now = self._downscale(frame, boxes)
        before = self._reference
        if now is None or before is None or frame.cut or before.grey.shape != now.grey.shape:
            self._forget()
            self._reference = now
            return None
        if self._is_static(before, now):
            return None
        motion = estimate(before, now)
        if motion is not None and not _noticeable(motion, now.grey.shape):
            self._rest(before)
            return None
        self._forget()
        self._reference = now
        return None if motion is None else _in_frame(motion, now.size)

    def _rest(self, before: SmallFrame) -> None:
        """Keep the picture to compare with, so that a slow drift adds up until it is noticed."""
        self._resting += 1
        if self._resting >= RESTING_FRAMES:
            self._watched = before.corners[:: max(1, len(before.corners) // WATCHED_POINTS)]

    def _is_static(self, before: SmallFrame, now: SmallFrame) -> bool:
        """Whether the watched points show that the camera has not moved."""
        watched = self._watched[now.in_background(self._watched)]
        if len(watched) < MIN_POINTS:
            return False
        # Not checked backwards: a point that is lost seldom ends where it began, let alone half of them.
        found, held = optical_flow(before.grey, now.grey, watched, watched, levels=0)
        if 2 * (held & at_rest(watched, found)).sum() < len(watched):
            return False
        if now.time - before.time > REFERENCE_MAX_AGE:
            self._reference, self._watched = now, np.empty((0, 2))
        return True


def estimate(before: SmallFrame, now: SmallFrame) -> Floats | None:
    """The similarity ``(2, 3)`` between two small pictures; the identity at rest, None where it cannot be estimated."""
    points = before.corners
    found, sure = track_points(before.grey, now.grey, points)
    motion = _agreed(now, points[sure], found[sure])
    standing = sure & at_rest(points, found)
    if motion is None and len(points) >= MIN_POINTS and standing.sum() <= STATIC_SHARE * len(points):
        # Perhaps a jerk, too large for optical flow.
        found, sure = track_points(before.grey, now.grey, points, global_shift(before.grey, now.grey))
        motion = _agreed(now, points[sure], found[sure])
    return motion


def _agreed(now: SmallFrame, points: Floats, found: Floats) -> Floats | None:
    seen = now.in_background(found)
    return consensus_motion(points[seen], found[seen], now.grey.shape)


def _noticeable(motion: Floats, shape: tuple[int, ...]) -> bool:
    """Whether it moves any corner of the picture by more than noise would."""
    corners = picture_corners(shape)
    return bool(np.abs(transform_points(motion, corners) - corners).max() > MAX_REST)


def _in_frame(motion: Floats, size: Floats) -> Floats:
    """The same motion in pixels of the frame, whose coordinates count from the outer corner of the first one."""
    linear = motion[:, :2]
    offset = motion[:, 2] + 0.5 - linear.sum(axis=1) * 0.5
    return np.column_stack([linear * size[:, None] / size[None, :], offset * size])
