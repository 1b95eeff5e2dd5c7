"""Where tracks stand still: what stands is found again at its place after minutes, whatever was in front of it."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.motion.camera_motion import move_boxes

INTERVAL = 0.25  # seconds between looks; standing is slow
TREMOR = 0.15  # of its size, up to which a box that moves stands: detectors tremble, and people shift their weight
SETTLED = 2.0  # seconds in one place from which a track stands there
GONE = 1.5  # seconds since it stood there, after which it has left its place
INSIDE = 0.7  # share of its last box in its place: what covers an object makes its box smaller before it vanishes


class StandingPlaces:
    """The places of N tracks, row by row, in pixels of the present picture."""

    def __init__(self) -> None:
        self._anchors, self._places = np.empty((0, 4)), np.empty((0, 4))  # boxes; places are NaN for none so far
        self._since, self._until = np.empty(0), np.empty(0)  # seconds at the anchor, and at the place
        self._next = -np.inf

    def append(self, boxes: Floats, now: float) -> None:
        """Add tracks that are first seen at these boxes ``(M, 4)``."""
        count = len(boxes)
        self._anchors = np.concatenate([self._anchors, boxes])
        self._places = np.concatenate([self._places, np.full((count, 4), np.nan)])
        self._since = np.concatenate([self._since, np.full(count, now)])
        self._until = np.concatenate([self._until, np.full(count, -np.inf)])

    def keep(self, rows: Bools) -> None:
        """Keep the given tracks only."""
        self._anchors, self._places = self._anchors[rows], self._places[rows]
        self._since, self._until = self._since[rows], self._until[rows]

    def move(self, camera: Floats) -> None:
        """Move all places with the picture. camera: affine matrix ``(2, 3)``."""
        self._anchors, self._places = move_boxes(self._anchors, camera), move_boxes(self._places, camera)

    def due(self, now: float) -> bool:
        """Whether it is time to look again."""
        return now >= self._next

    def observe(self, rows: Ints, boxes: Floats, now: float) -> None:
        """Take in where the tracks `rows` ``(R,)`` are seen, at boxes ``(R, 4)``."""
        self._next = now + INTERVAL
        moved = _moved(self._anchors[rows], boxes)
        self._anchors[rows[moved]], self._since[rows[moved]] = boxes[moved], now
        settled = rows[now - self._since[rows] >= SETTLED]
        self._places[settled], self._until[settled] = self._anchors[settled], now

    def at_rest(self, boxes: Floats, last_seen: Floats) -> Floats:
        """The places ``(N, 4)`` of those that stood there when they were seen last; NaN for the others.

        boxes: ``(N, 4)``, where they were seen last. last_seen: ``(N,)`` seconds.
        """
        common = np.minimum(boxes[:, 2:], self._places[:, 2:]) - np.maximum(boxes[:, :2], self._places[:, :2])
        inside = np.maximum(common, 0.0).prod(axis=1) >= INSIDE * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        stood = inside & (last_seen - self._until <= GONE)  # False for NaN
        return np.where(stood[:, None], self._places, np.nan)


def _moved(anchors: Floats, boxes: Floats) -> Bools:
    """Which boxes ``(R, 4)`` have moved from their anchors, or changed their size."""
    before, now = (np.sqrt(np.maximum((each[:, 2:] - each[:, :2]).prod(axis=1), 1e-6)) for each in (anchors, boxes))
    distance = np.linalg.norm((boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2, axis=1)
    return np.asarray((distance > TREMOR * before) | (np.abs(np.log(now / before)) > 2 * TREMOR))
