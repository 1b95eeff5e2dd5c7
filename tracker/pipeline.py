"""The order of the stages, and nothing else."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from detectors.base import Bools, Detections, Detector, Floats, Frame, Ints
from detectors.boxes import nms
from tracker.appearance import Embedder, describes
from tracker.cadence import Cadence
from tracker.camera_motion import CameraMotion
from tracker.carry import Carrier
from tracker.engine import Tracker
from tracker.tracks import Tracks

NO_BOXES = np.empty((0, 4))


@dataclass
class Tally:
    """What a run has done so far: frames, calls, and the seconds that each stage was at work."""

    frames: int = 0
    detector_calls: int = 0
    embeddings: int = 0
    stages: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add the time inside the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stages[stage] += time.perf_counter() - start


def track_frames(
    frames: Iterable[Frame],
    detector: Detector,
    tracker: Tracker,
    embedder: Embedder | None = None,
    nms_iou: float = 0.7,
    classes: Collection[int] | None = None,
    tally: Tally | None = None,
    camera: CameraMotion | None = None,
    cadence: Cadence | None = None,
    carrier: Carrier | None = None,
) -> Iterator[tuple[Frame, Tracks]]:
    """Each frame with its tracks: detector -> nms, camera motion -> tracker, which asks the embedder.

    nms_iou: overlap up to which two detections of a class are two objects. classes: class ids that count, None for
    all. tally: is kept up to date, if given. camera: tells the camera's motion; None leaves it out. A frame with `cut`
    set starts the tracker anew. cadence: tells which frames to detect in, None for all; through the others, the tracks
    are carried by the pictures with a `carrier`, by their own motion without.
    """
    tally = Tally() if tally is None else tally
    for frame, detections in detect_frames(frames, detector, nms_iou, classes, tally, cadence):
        if detections is None:
            tracks = _carry(frame, tracker, carrier, camera, tally)
            tally.frames += 1
            yield frame, tracks
            continue
        moved = None
        if camera is not None and tracker.preset.camera:
            with tally.timing("camera"):
                moved = camera(frame, detections.boxes)
        look = None
        if embedder is not None and tracker.uses_appearance and frame.image.size:
            look = Looking(frame, detections, embedder, describes(embedder, detector.class_names, detections.class_ids))
        with tally.timing("track"):
            if frame.cut:
                tracker.restart()
            tracks = tracker.update(detections, frame.time, moved, look)
        if look is not None:
            tally.embeddings += look.count
            tally.stages["embed"] += look.seconds
            tally.stages["track"] -= look.seconds  # the tracker asks while it associates
        if carrier is not None:
            with tally.timing("carry"):
                carrier(frame, NO_BOXES)
        tally.frames += 1
        yield frame, tracks


def detect_frames(
    frames: Iterable[Frame],
    detector: Detector,
    nms_iou: float,
    classes: Collection[int] | None,
    tally: Tally,
    cadence: Cadence | None = None,
) -> Iterator[tuple[Frame, Detections | None]]:
    """Each frame with what was detected in it: detector -> classes -> nms; None where nobody looked.

    Arguments as for `track_frames`.
    """
    for frame in frames:
        with tally.timing("carry"):
            due = cadence is None or cadence(frame)
        if not due:
            yield frame, None
            continue
        with tally.timing("detect"):
            detections = detector(frame)
            tally.detector_calls += 1
            if classes is not None:
                detections = detections[np.isin(detections.class_ids, list(classes))]
            if not detector.suppressed:
                detections = detections[nms(detections.boxes, detections.scores, nms_iou, detections.class_ids)]
        yield frame, detections


def _carry(
    frame: Frame, tracker: Tracker, carrier: Carrier | None, camera: CameraMotion | None, tally: Tally
) -> Tracks:
    """The tracks in a frame that nobody detects in."""
    boxes, shifts, moved = tracker.taken.boxes, None, None
    if carrier is not None:
        with tally.timing("carry"):
            shifts = carrier(frame, boxes)
    if camera is not None and tracker.preset.camera:
        with tally.timing("camera"):
            moved = camera(frame, boxes)
    with tally.timing("track"):
        return tracker.carry(frame.time, moved, shifts)


class Looking:
    """Tells the tracker what detections of a frame look like, as far as it asks.

    describable: ``(N,)``, which detections the embedder can tell from their like. count, seconds: embeddings so far,
    and the time that they have taken.
    """

    def __init__(self, frame: Frame, detections: Detections, embedder: Embedder, describable: Bools) -> None:
        self.count, self.seconds = 0, 0.0
        self._frame, self._boxes = frame, detections.boxes
        self._embedder, self._describable = embedder, describable

    def __call__(self, rows: Ints) -> Floats:
        """Unit vectors ``(R, D)`` of the detections `rows`, zeros for those that cannot be described."""
        start = time.perf_counter()
        chosen = self._describable[rows]
        found = self._embedder(self._frame, self._boxes[rows[chosen]])
        vectors = np.zeros((len(rows), found.shape[1]))
        vectors[chosen] = found
        self.count += len(found)
        self.seconds += time.perf_counter() - start
        return vectors
