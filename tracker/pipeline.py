"""The order of the stages, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from detectors.base import Bools, Detections, Detector, Frame
from detectors.boxes import nms
from tracker.appearance import Embedder, describes
from tracker.camera_motion import CameraMotion
from tracker.clock import Clock
from tracker.engine import Tracker
from tracker.in_order import InOrder
from tracker.tracks import Tracks


@dataclass
class Tally:
    """What a run has done so far: frames, calls, and the time that each stage has taken."""

    frames: int = 0
    detector_calls: int = 0
    embeddings: int = 0
    clock: Clock = field(default_factory=Clock)

    def timing(self, stage: str) -> AbstractContextManager[None]:
        """Add the time inside the block to a stage."""
        return self.clock.timing(stage)

    @property
    def stages(self) -> defaultdict[str, float]:
        """Seconds that each stage was at work, in all threads together."""
        return self.clock.by_stage()


def track_frames(
    frames: Iterable[Frame],
    detector: Detector,
    tracker: Tracker,
    embedder: Embedder | None = None,
    nms_iou: float = 0.7,
    classes: Collection[int] | None = None,
    tally: Tally | None = None,
    camera: CameraMotion | None = None,
    workers: int = 0,
) -> Generator[tuple[Frame, Tracks], None, None]:
    """Each frame with its tracks: detector -> nms -> embedder, camera motion -> tracker.

    nms_iou: overlap up to which two detections of a class are two objects. classes: class ids that count, None for
    all. tally: is kept up to date, if given. camera: tells the camera's motion; None leaves it out. A frame with `cut`
    set starts the tracker anew. workers: threads that detect in the next frames meanwhile, which changes no result;
    more than one needs a detector that is `concurrent`, 0 detects when the tracker wants it.
    """
    tally = Tally() if tally is None else tally
    for frame, found in detect_frames(frames, detector, nms_iou, classes, tally, workers):
        detections = found
        if embedder is not None and tracker.uses_appearance and frame.image.size:
            with tally.timing("embed"):
                clear = detections.scores >= tracker.strong  # weak ones are matched by motion alone
                clear &= describes(embedder, detector.class_names, detections.class_ids)
                detections = _embed(frame, detections, embedder, clear)
                tally.embeddings += int(clear.sum())
        moved = None
        if camera is not None and tracker.preset.camera:
            with tally.timing("camera"):
                moved = camera(frame, detections.boxes)
        with tally.timing("track"):
            if frame.cut:
                tracker.restart()
            tracks = tracker.update(detections, frame.time, moved)
        tally.frames += 1
        yield frame, tracks


def detect_frames(
    frames: Iterable[Frame],
    detector: Detector,
    nms_iou: float,
    classes: Collection[int] | None,
    tally: Tally,
    workers: int = 0,
) -> Iterator[tuple[Frame, Detections]]:
    """Each frame with what was detected in it: detector -> classes -> nms. Arguments as for `track_frames`."""

    def detect(frame: Frame) -> tuple[Frame, Detections]:
        with tally.timing("detect"):
            detections = detector(frame)
            if classes is not None:
                detections = detections[np.isin(detections.class_ids, list(classes))]
            if not detector.suppressed:
                detections = detections[nms(detections.boxes, detections.scores, nms_iou, detections.class_ids)]
        return frame, detections

    with InOrder(iter(frames), detect, workers, tally.clock) if workers else nullcontext(map(detect, frames)) as found:
        for frame, detections in found:
            tally.detector_calls += 1
            yield frame, detections


def _embed(frame: Frame, detections: Detections, embedder: Embedder, clear: Bools) -> Detections:
    """Detections with embeddings, those of the ones that are not `clear` ``(N,)`` being zeros: not known."""
    found = embedder(frame, detections.boxes[clear])
    embeddings = np.zeros((len(detections), found.shape[1]))
    embeddings[clear] = found
    return replace(detections, embeddings=embeddings)
