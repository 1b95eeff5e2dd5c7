"""Track birth: which of the detections that match no track start a new one."""

from __future__ import annotations

import math

import numpy as np

from detectors.base import Detections, Ints
from detectors.boxes import iou_matrix, nms
from tracker.association.frame_detections import FrameDetections
from tracker.association.life_cycle import LifeCycle
from tracker.association.persistence import PersistentDetections
from tracker.association.presets import Preset
from tracker.association.track_table import TrackTable

OTHER_CLASS_IOU = 0.6  # above it a box of another class is a second opinion on the same object
# Where frames are far apart, to leave out somebody behind another costs more than a duplicate: the limit of overlap
# rises to what detectors' own non-maximum suppression lets stand.
OVERLAP_RATE, SUPPRESSION_IOU = 0.75, 0.7
DENSE = 0.1  # seconds between frames up to which the limit is the preset's own


class TrackBirth:
    """Starts the tracks of `table`; those of the first frame may be confirmed at once."""

    def __init__(self, preset: Preset, table: TrackTable, life_cycle: LifeCycle) -> None:
        self._preset, self._table, self._life_cycle = preset, table, life_cycle
        self._persistent = PersistentDetections(preset.persistence)
        self._first_frame = True

    def candidates(
        self, detections: Detections, threshold: float, matched: tuple[Ints, Ints], now: float, elapsed: float
    ) -> Ints:
        """The detections that may start a track: free, of a high enough score, and no duplicates.

        threshold: the score needed. matched: of this frame, rows of the table and of the detections. A duplicate
        overlaps a track matched in this frame, or a better candidate, and does not stay there. elapsed: seconds since
        the last frame.
        """
        rows, columns = matched
        free = detections.scores >= threshold
        free[columns] = False
        born = free.nonzero()[0]
        limit = self._overlap_limit(elapsed)
        if limit >= 1 or not born.size:
            return born
        apart = self._apart(detections, born, rows, limit)
        if math.isinf(self._preset.persistence) or len(apart) == len(born):
            return apart
        doubtful = self._apart(detections, born, rows, max(limit, SUPPRESSION_IOU))
        doubtful = doubtful[~np.isin(doubtful, apart)]
        return np.concatenate([apart, doubtful[self._persistent.update(detections.boxes[doubtful], now, elapsed)]])

    def _apart(self, detections: Detections, born: Ints, rows: Ints, limit: float) -> Ints:
        """Those of `born` that overlap neither the tracks `rows` nor a better one by more than `limit`, best first."""
        overlap = iou_matrix(detections.boxes[born], self._table.boxes[rows])
        same = detections.class_ids[born][:, None] == self._table.class_ids[rows][None, :]
        other_class = max(self._preset.birth_overlap, OTHER_CLASS_IOU)
        born = born[~(overlap > np.where(same, limit, other_class)).any(axis=1)]
        return born[nms(detections.boxes[born], detections.scores[born], limit, detections.class_ids[born])]

    def _overlap_limit(self, elapsed: float) -> float:
        limit = self._preset.birth_overlap
        return max(limit, min(limit + OVERLAP_RATE * (elapsed - DENSE), SUPPRESSION_IOU))

    def start(self, found: FrameDetections, born: Ints, now: float, elapsed: float) -> None:
        """Start a track at each of the detections `born` of a frame, of which there may be none."""
        if born.size:
            new = self._table.append(found.embedded()[born], found.rows[born], now)
            if self._at_once(elapsed):
                self._table.hits[new] = max(self._preset.n_init, 1)
                self._life_cycle.confirm(self._table, new)
        self._first_frame = False

    def _at_once(self, elapsed: float) -> bool:
        """Whether new tracks are confirmed at once. elapsed: seconds since the last frame."""
        preset = self._preset
        first = self._first_frame and preset.confirm_first_frame
        return preset.n_init <= 1 or first or elapsed >= preset.confirm_interval
