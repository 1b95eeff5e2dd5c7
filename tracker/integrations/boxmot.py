"""For programs written for BoxMOT's trackers: arrays in, arrays out.

tracker = BoxmotTracker()
for x1, y1, x2, y2, track_id, score, class_id, row in tracker.update(detections, frame):
    ...
"""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.base import Floats, Image
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, Preset


class BoxmotTracker:
    """A tracker of arrays. preset, frame_rate: as of `Tracker`."""

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self.tracker = Tracker(preset, frame_rate)

    def update(self, dets: Any, img: Image | None = None) -> Floats:
        """``(M, 8)`` x1, y1, x2, y2, track id, score, class, row of the detection.

        dets: ``(N, 6)`` x1, y1, x2, y2, score, class. img: the picture ``(H, W, 3)``, BGR.
        """
        tracks = self.tracker.update(dets, frame=img)
        columns = (tracks.boxes, tracks.track_ids, tracks.scores, tracks.class_ids, tracks.rows)
        return np.column_stack(columns).astype(np.float64)

    def reset(self) -> None:
        """Begin another video: numbers count from 1 again."""
        self.tracker.reset()
