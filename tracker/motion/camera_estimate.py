"""The camera's motion, estimated from the pictures themselves.

Corners of the background are followed from picture to picture, and the motion that most of them agree on is taken:
global motion compensation as in Aharon et al., "BoT-SORT: Robust associations multi-pedestrian tracking" (2022),
section 3.2. Unlike there, a camera that stands still is noticed: tracks are then exactly what they are without it, and
only a few points are watched.

A camera that stands still is told from what moves in front of it by the points that do not move, and by comparing with
the picture since which it has stood still rather than with the last one: what passes hides the background's points, but
does not move them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from detectors.base import Bools, Floats, Frame, Image
from tracker.motion.corners import find_corners, flow, follow, large_shift
from tracker.motion.similarity import FEWEST, REST, agreed_motion, at_rest, moved, picture_corners

AREA = 480 * 270  # pixels of the small picture: a quarter of 1080p each way
SMALLEST = 48  # pixels of its shorter side below which there is nothing to follow
SURROUNDINGS = (31, 31)  # pixels whose mean is taken out, so that exposure and shadows do not count
SETTLED = 3  # frames of rest after which a few points are enough to watch
PEGS = 48  # points to watch while the camera stands still
WITNESSES = 0.05  # share of points that stand still from which nothing far off is taken for the whole picture
RENEW = 2.0  # seconds after which the picture to compare with is renewed, as light and shadows wander


@dataclass(frozen=True, eq=False)
class View:
    """A small picture of the background.

    grey: ``(h, w)``, without its surroundings' mean. boxes: ``(N, 4)`` xyxy of the objects in it. size: width and
    height ``(2,)`` of a small pixel in pixels of the frame. time: seconds.
    """

    grey: Image
    boxes: Floats
    size: Floats
    time: float

    @cached_property
    def hidden(self) -> Bools:
        """Where objects are, ``(h, w)``."""
        mask = np.zeros(self.grey.shape, dtype=bool)
        for x1, y1, x2, y2 in np.clip(self.boxes, 0, max(mask.shape)).round().astype(np.int64):
            mask[y1:y2, x1:x2] = True
        return mask

    @cached_property
    def corners(self) -> Floats:
        """Points ``(N, 2)`` of the background."""
        return find_corners(self.grey, self.hidden)

    def shows(self, points: Floats) -> Bools:
        """Which of the points ``(N, 2)`` are in the picture and not behind an object."""
        x, y = points.round().astype(np.int64).T
        height, width = self.grey.shape
        inside = np.asarray((x >= 0) & (y >= 0) & (x < width) & (y < height))
        inside[inside] = ~self.hidden[y[inside], x[inside]]
        return inside


def look_at(frame: Frame, boxes: Floats) -> View | None:
    """The frame's small picture; None where there is too little to see."""
    height, width = frame.image.shape[:2]
    scale = min(1.0, (AREA / max(height * width, 1)) ** 0.5)
    small = (round(width * scale), round(height * scale))
    if min(small) < SMALLEST:
        return None
    # Every fourth pixel each way of 1080p is the mean of four: smooth enough for corners, and a fifth of the
    # price of the mean of all.
    grey = cv2.cvtColor(cv2.resize(frame.image, small, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    flat = cv2.addWeighted(grey, 1, cv2.blur(grey, SURROUNDINGS), -1, 128)
    size = np.array([width / small[0], height / small[1]])
    return View(np.asarray(flat, dtype=np.uint8), boxes / np.tile(size, 2), size, frame.time)


Look = Callable[[Frame, Floats], "View | None"]


class LookOnce:
    """`look_at` for several who look at the same frame: it is made small once."""

    def __init__(self) -> None:
        self._seen: tuple[int, View | None] = (0, None)

    def __call__(self, frame: Frame, boxes: Floats) -> View | None:
        """As `look_at`; the frames come in order."""
        if self._seen[0] != frame.index:
            self._seen = (frame.index, look_at(frame, np.empty((0, 4))))
        view = self._seen[1]
        return view and replace(view, boxes=boxes / np.tile(view.size, 2))


class EstimatedCameraMotion:
    """Camera motion from pictures; remembers the last one, and what is watched while the camera stands still.

    look: `look_at`, or a `LookOnce` that others look through as well.

    Frames without pictures, cuts and changes of size make it start anew. What cannot be told (no corners, nothing
    in common, objects everywhere) counts as no motion.
    """

    def __init__(self, look: Look = look_at) -> None:
        self._look = look
        self._forget()

    def _forget(self) -> None:
        self._before: View | None = None
        self._pegs = np.empty((0, 2))
        self._rested = 0

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The similarity ``(2, 3)`` from the frame before; see `CameraMotion`."""
        now = self._look(frame, boxes)
        before = self._before
        if now is None or before is None or frame.cut or before.grey.shape != now.grey.shape:
            self._forget()
            self._before = now
            return None
        if self._holds(before, now):
            return None
        motion = estimate(before, now)
        if motion is not None and not _noticeable(motion, now.grey.shape):
            self._rest(before)
            return None
        self._forget()
        self._before = now
        return None if motion is None else _in_frame(motion, now.size)

    def _rest(self, before: View) -> None:
        """Keep the picture to compare with, so that a slow drift adds up until it is noticed."""
        self._rested += 1
        if self._rested >= SETTLED:
            self._pegs = before.corners[:: max(1, len(before.corners) // PEGS)]

    def _holds(self, before: View, now: View) -> bool:
        """Whether the watched points show that the camera has not moved."""
        pegs = self._pegs[now.shows(self._pegs)]
        if len(pegs) < FEWEST:
            return False
        # No way back is needed: a point that is lost seldom ends where it began, let alone half of them.
        found, held = flow(before.grey, now.grey, pegs, pegs, levels=0)
        if 2 * (held & at_rest(pegs, found)).sum() < len(pegs):
            return False
        if now.time - before.time > RENEW:
            self._before, self._pegs = now, np.empty((0, 2))
        return True


def estimate(before: View, now: View) -> Floats | None:
    """The similarity ``(2, 3)`` between two small pictures; the identity at rest, None where it cannot be told."""
    points = before.corners
    found, sure = follow(before.grey, now.grey, points)
    motion = _agreed(now, points[sure], found[sure])
    standing = sure & at_rest(points, found)
    if motion is None and len(points) >= FEWEST and standing.sum() <= WITNESSES * len(points):
        # Perhaps a jerk, too far to follow.
        found, sure = follow(before.grey, now.grey, points, large_shift(before.grey, now.grey))
        motion = _agreed(now, points[sure], found[sure])
    return motion


def _agreed(now: View, points: Floats, found: Floats) -> Floats | None:
    seen = now.shows(found)
    return agreed_motion(points[seen], found[seen], now.grey.shape)


def _noticeable(motion: Floats, shape: tuple[int, ...]) -> bool:
    """Whether it moves any corner of the picture by more than noise would."""
    corners = picture_corners(shape)
    return bool(np.abs(moved(motion, corners) - corners).max() > REST)


def _in_frame(motion: Floats, size: Floats) -> Floats:
    """The same motion in pixels of the frame, whose coordinates count from the outer corner of the first one."""
    linear = motion[:, :2]
    offset = motion[:, 2] + 0.5 - linear.sum(axis=1) * 0.5
    return np.column_stack([linear * size[:, None] / size[None, :], offset * size])
