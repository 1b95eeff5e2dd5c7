"""The tracking stage: camera motion and detections into the tracker, or tracks propagated where nobody detected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.base import Detections, Floats, Frame
from tracker.association.engine import Tracker
from tracker.association.tracks import Tracks
from tracker.motion.camera_motion import CameraMotion
from tracker.run.embedding import EmbeddingStage
from tracker.run.measurements import Measurements

if TYPE_CHECKING:  # a run without pictures does without OpenCV
    from tracker.motion.propagation import Propagator

NO_BOXES = np.empty((0, 4))


@dataclass(frozen=True)
class TrackingStage:
    """A tracker and what it is told about each frame.

    embedding: computes the appearance of detections, None for motion alone. camera: tells the camera's motion; None
    leaves it out. propagator: follows boxes through the pictures of frames that nobody detects in; without one, tracks
    go on by their own motion there.
    """

    tracker: Tracker
    embedding: EmbeddingStage | None = None
    camera: CameraMotion | None = None
    propagator: Propagator | None = None

    def update(self, frame: Frame, detections: Detections, measured: Measurements) -> Tracks:
        """The tracks of a frame with these detections. One with `cut` set starts the tracker anew."""
        camera = self._camera_motion(frame, detections.boxes, measured)
        embed = None
        if self.embedding is not None and self.tracker.uses_appearance:
            embed = self.embedding.of(frame, detections, measured)
        with measured.timing("track"):
            if frame.cut:
                self.tracker.restart()
            tracks = self.tracker.update(detections, frame.time, camera, embed)
        if self.propagator is not None:
            with measured.timing("carry"):
                self.propagator(frame, NO_BOXES)
        return tracks

    def propagate(self, frame: Frame, measured: Measurements) -> Tracks:
        """The tracks of a frame that nobody detected in."""
        boxes, displacements = self.tracker.assignments.boxes, None
        if self.propagator is not None:
            with measured.timing("carry"):
                displacements = self.propagator(frame, boxes)
        camera = self._camera_motion(frame, boxes, measured)
        with measured.timing("track"):
            return self.tracker.propagate(frame.time, camera, displacements)

    def _camera_motion(self, frame: Frame, boxes: Floats, measured: Measurements) -> Floats | None:
        """The camera's motion since the frame before, for a tracker that makes use of it."""
        if self.camera is None or not self.tracker.preset.camera:
            return None
        with measured.timing("camera"):
            return self.camera(frame, boxes)
