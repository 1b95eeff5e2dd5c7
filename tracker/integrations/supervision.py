"""For supervision (Roboflow, MIT): its detections in, the same rows with ``tracker_id`` out.

tracker = SupervisionTracker()
detections = tracker.update(detections, frame)
labels = [f"#{number}" for number in detections.tracker_id]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.base import Image
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, Preset


class SupervisionTracker:
    """Takes the place of supervision's ``ByteTrack``. preset, frame_rate: as of `Tracker`."""

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self.tracker = Tracker(preset, frame_rate)

    def update(self, detections: Any, frame: Image | None = None) -> Any:
        """The rows of the ``supervision.Detections`` that belong to tracks, in their order, with ``tracker_id`` set.

        Boxes, masks, data and all else stay as they are. frame: the picture ``(H, W, 3)``, BGR, for appearance and the
        camera's motion. Raises ValueError for anything but supervision's detections.
        """
        if not hasattr(detections, "tracker_id"):
            remedy = "sv.Detections(xyxy, confidence=..., class_id=...) makes them; keeptrack.Tracker takes plain rows"
            raise ValueError(f"detections are {type(detections).__name__}, not supervision's Detections: {remedy}")
        tracks = self.tracker.update(detections, frame=frame)
        order = np.argsort(tracks.rows)
        tracked = detections[tracks.rows[order]]
        tracked.tracker_id = tracks.track_ids[order]
        return tracked

    def update_with_detections(self, detections: Any, frame: Image | None = None) -> Any:
        """As `update`, under the name that supervision's own tracker had."""
        return self.update(detections, frame)

    def reset(self) -> None:
        """Begin another video: numbers count from 1 again."""
        self.tracker.reset()
