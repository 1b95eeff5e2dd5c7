"""The order of the stages, and nothing else."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.run.detection import DetectionStage
from tracker.run.masking import MaskFollower
from tracker.run.measurements import Measurements
from tracker.run.tracking import TrackingStage


def track_frames(
    frames: Iterable[Frame], detection: DetectionStage, tracking: TrackingStage, measured: Measurements | None = None
) -> Generator[tuple[Frame, Tracks], None, None]:
    """Each frame with its tracks. measured: is kept up to date, if given."""
    measured = Measurements() if measured is None else measured
    follow = MaskFollower()
    for frame, detections in detection.over(frames, measured):
        if detections is None:
            tracks = tracking.propagate(frame, measured)
        else:
            tracks = tracking.update(frame, detections, measured)
        measured.frames += 1
        yield frame, follow(tracks)
