"""Small grey pictures of frames: what camera motion, propagation and scene changes are measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from detectors.base import Bools, Floats, Frame, Image
from tracker.motion.corners import find_corners

AREA = 480 * 270  # pixels of the small picture: a quarter of 1080p each way
MIN_SIDE = 48  # pixels of its shorter side below which there is nothing to follow
SURROUNDINGS = (31, 31)  # pixels whose mean is subtracted, so that exposure and shadows do not count


@dataclass(frozen=True, eq=False)
class SmallFrame:
    """A small picture of a frame.

    grey: ``(h, w)``, minus the local mean. boxes: ``(N, 4)`` xyxy of the objects in it. size: width and height ``(2,)``
    of a small pixel in pixels of the frame. time: seconds.
    """

    grey: Image
    boxes: Floats
    size: Floats
    time: float

    @cached_property
    def object_mask(self) -> Bools:
        """Where objects are, ``(h, w)``."""
        mask = np.zeros(self.grey.shape, dtype=bool)
        for x1, y1, x2, y2 in np.clip(self.boxes, 0, max(mask.shape)).round().astype(np.int64):
            mask[y1:y2, x1:x2] = True
        return mask

    @cached_property
    def corners(self) -> Floats:
        """Corners ``(N, 2)`` of the background."""
        return find_corners(self.grey, self.object_mask)

    def in_background(self, points: Floats) -> Bools:
        """Which of the points ``(N, 2)`` are in the picture and not behind an object."""
        x, y = points.round().astype(np.int64).T
        height, width = self.grey.shape
        inside = np.asarray((x >= 0) & (y >= 0) & (x < width) & (y < height))
        inside[inside] = ~self.object_mask[y[inside], x[inside]]
        return inside


Downscaler = Callable[[Frame, Floats], "SmallFrame | None"]
"""A frame and the xyxy boxes ``(N, 4)`` of the objects in it -> its small picture; None where it is too small."""


def downscale(frame: Frame, boxes: Floats) -> SmallFrame | None:
    """A `Downscaler`."""
    height, width = frame.image.shape[:2]
    scale = min(1.0, (AREA / max(height * width, 1)) ** 0.5)
    small = (round(width * scale), round(height * scale))
    if min(small) < MIN_SIDE:
        return None
    # Every fourth pixel each way of 1080p is the mean of four: smooth enough for corners, and a fifth of the
    # price of the mean of all.
    grey = cv2.cvtColor(cv2.resize(frame.image, small, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    flat = cv2.addWeighted(grey, 1, cv2.blur(grey, SURROUNDINGS), -1, 128)
    size = np.array([width / small[0], height / small[1]])
    return SmallFrame(np.asarray(flat, dtype=np.uint8), boxes / np.tile(size, 2), size, frame.time)


class CachedDownscaler:
    """A `Downscaler` for several users of the same frame, which is made small once."""

    def __init__(self) -> None:
        self._last: tuple[int, SmallFrame | None] = (0, None)

    def __call__(self, frame: Frame, boxes: Floats) -> SmallFrame | None:
        """As `downscale`; the frames come in order."""
        if self._last[0] != frame.index:
            self._last = (frame.index, downscale(frame, np.empty((0, 4))))
        small = self._last[1]
        return small and replace(small, boxes=boxes / np.tile(small.size, 2))
