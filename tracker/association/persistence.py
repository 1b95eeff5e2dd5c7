"""Persistence: which of the detections that overlap a tracked object stay there, as somebody behind it does.

A detector that finds one object twice does so for a frame or two. Of what overlaps a tracked object by 0.4 or more,
half are objects of their own; of what is found for 0.2 seconds, four of five are among walkers, and more among dancers
and cars. Neither scores nor sizes nor feet tell them apart in all three.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats
from detectors.boxes import iou_matrix
from tracker.association.matching import Pairs, assign_greedily

SAME_PLACE = 0.5  # IoU with where it was found last
LONGEST_GAP = 0.03  # seconds between sightings that are not in successive frames: at high frame rates alone
MIN_SIGHTINGS = 3  # for low frame rates


class PersistentDetections:
    """Remembers boxes from frame to frame, for as long as they are found again.

    seconds: for how long a box has to be found to be persistent.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._boxes, self._first, self._last = np.empty((0, 4)), np.empty(0), np.empty(0)
        self._sightings = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        """How many boxes are remembered."""
        return len(self._boxes)

    def update(self, boxes: Floats, now: float, elapsed: float) -> Bools:
        """Take in one frame's xyxy boxes ``(N, 4)`` and return which ``(N,)`` are persistent.

        now: seconds. elapsed: seconds since the frame before, which need not have been told if it had none.
        """
        self._keep(now - self._last <= max(elapsed, LONGEST_GAP) + 1e-9)
        before, here = assign_greedily(Pairs.at_least(iou_matrix(self._boxes, boxes), SAME_PLACE)).T
        first, sightings = np.full(len(boxes), now), np.ones(len(boxes), dtype=np.int64)
        first[here] = self._first[before]
        sightings[here] += self._sightings[before]
        missed = np.ones(len(self), dtype=bool)
        missed[before] = False
        self._keep(missed)
        self._boxes = np.concatenate([boxes, self._boxes])
        self._first = np.concatenate([first, self._first])
        self._last = np.concatenate([np.full(len(boxes), now), self._last])
        self._sightings = np.concatenate([sightings, self._sightings])
        return np.asarray((sightings >= MIN_SIGHTINGS) & (now - first >= self._seconds - 1e-9))

    def _keep(self, rows: Bools) -> None:
        self._boxes, self._sightings = self._boxes[rows], self._sightings[rows]
        self._first, self._last = self._first[rows], self._last[rows]
