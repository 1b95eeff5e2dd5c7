"""Track birth: which of the detections that match no track start a new one."""

from __future__ import annotations

import numpy as np

from detectors.base import Detections, Ints
from detectors.boxes import iou_matrix, nms
from tracker.association.life_cycle import LifeCycle
from tracker.association.presets import Preset
from tracker.association.track_table import TrackTable

OTHER_CLASS_IOU = 0.6  # above it a box of another class is a second opinion on the same object


class TrackBirth:
    """Starts the tracks of `table`; those of the first frame may be confirmed at once."""

    def __init__(self, preset: Preset, table: TrackTable, life_cycle: LifeCycle) -> None:
        self._preset, self._table, self._life_cycle = preset, table, life_cycle
        self._first_frame = True

    def candidates(self, detections: Detections, threshold: float, rows: Ints, columns: Ints) -> Ints:
        """The detections that may start a track, best first: free, of a high enough score, and no duplicates.

        threshold: the score needed. rows, columns: the matches of this frame, in the table and in the detections. A
        duplicate overlaps a track matched in this frame, or a better candidate.
        """
        free = detections.scores >= threshold
        free[columns] = False
        born = np.flatnonzero(free)
        limit = self._preset.birth_overlap
        if limit < 1 and born.size:
            overlap = iou_matrix(detections.boxes[born], self._table.boxes[rows])
            same = detections.class_ids[born][:, None] == self._table.class_ids[rows][None, :]
            born = born[~(overlap > np.where(same, limit, max(limit, OTHER_CLASS_IOU))).any(axis=1)]
            born = born[nms(detections.boxes[born], detections.scores[born], limit, detections.class_ids[born])]
        return born

    def start(self, detections: Detections, given: Ints, now: float) -> None:
        """Start a track at each of these detections of a frame, of which there may be none. given: their rows in it."""
        if len(detections):
            new = self._table.append(detections, given, now)
            if self._preset.n_init <= 1 or (self._first_frame and self._preset.confirm_first_frame):
                self._table.hits[new] = max(self._preset.n_init, 1)
                self._life_cycle.confirm(self._table, new)
        self._first_frame = False
