"""The order of the stages, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from detectors.base import Bools, Detections, Detector, Floats, Frame, Ints
from detectors.boxes import nms
from tracker.appearance.embedder import Embedder, describes
from tracker.association.engine import Tracker
from tracker.association.tracks import Tracks
from tracker.motion.camera_motion import CameraMotion
from tracker.run.detection_interval import Cadence
from tracker.threads.ordered_map import InOrder
from tracker.threads.stage_clock import Clock

if TYPE_CHECKING:
    from tracker.motion.propagation import Carrier

NO_BOXES = np.empty((0, 4))


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
    cadence: Cadence | None = None,
    carrier: Carrier | None = None,
    workers: int = 0,
    where: Callable[[Floats], Bools] | None = None,
) -> Generator[tuple[Frame, Tracks], None, None]:
    """Each frame with its tracks: detector -> nms, camera motion -> tracker, which asks the embedder.

    nms_iou: overlap up to which two detections of a class are two objects. classes: class ids that count, None for
    all. tally: is kept up to date, if given. camera: tells the camera's motion; None leaves it out. A frame with `cut`
    set starts the tracker anew. cadence: tells which frames to detect in, None for all; through the others, the tracks
    are carried by the pictures with a `carrier`, by their own motion without. workers: threads that detect in the next
    frames meanwhile, which changes no result; more than one needs a detector that is `concurrent`. 0 detects when the
    tracker wants it, as a cadence needs that asks the tracker. where: tells which boxes ``(N, 4)`` lie where somebody
    wants to look, None for all.
    """
    tally = Tally() if tally is None else tally
    for frame, detections in detect_frames(frames, detector, nms_iou, classes, tally, cadence, workers, where):
        if detections is None:
            tracks = _carry(frame, tracker, carrier, camera, tally)
            tally.frames += 1
            yield frame, tracks
            continue
        moved = _camera_motion(frame, detections.boxes, tracker, camera, tally)
        look = None
        if embedder is not None and tracker.uses_appearance and frame.image.size:
            describable = describes(embedder, detector.class_names, detections.class_ids)
            look = Looking(frame, detections, embedder, describable, tally)
        with tally.timing("track"):
            if frame.cut:
                tracker.restart()
            tracks = tracker.update(detections, frame.time, moved, look)
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
    workers: int = 0,
    where: Callable[[Floats], Bools] | None = None,
) -> Iterator[tuple[Frame, Detections | None]]:
    """Each frame with what was detected in it: detector -> classes -> regions -> nms; None where nobody looked.

    Arguments as for `track_frames`.
    """

    def is_due(frame: Frame) -> bool:
        if cadence is None:
            return True
        with tally.timing("carry"):
            return cadence(frame)

    def detect(item: tuple[Frame, bool]) -> tuple[Frame, Detections | None]:
        frame, due = item
        if not due:
            return frame, None
        with tally.timing("detect"):
            detections = detector(frame)
            if classes is not None:
                detections = detections[np.isin(detections.class_ids, list(classes))]
            if where is not None:
                detections = detections[where(detections.boxes)]
            if not detector.suppressed:
                detections = detections[nms(detections.boxes, detections.scores, nms_iou, detections.class_ids)]
        return frame, detections

    items = ((frame, is_due(frame)) for frame in frames)
    with InOrder(items, detect, workers, tally.clock) if workers else nullcontext(map(detect, items)) as found:
        for frame, detections in found:
            tally.detector_calls += detections is not None
            yield frame, detections


def _carry(
    frame: Frame, tracker: Tracker, carrier: Carrier | None, camera: CameraMotion | None, tally: Tally
) -> Tracks:
    """The tracks in a frame that nobody detects in."""
    boxes, shifts = tracker.taken.boxes, None
    if carrier is not None:
        with tally.timing("carry"):
            shifts = carrier(frame, boxes)
    moved = _camera_motion(frame, boxes, tracker, camera, tally)
    with tally.timing("track"):
        return tracker.carry(frame.time, moved, shifts)


def _camera_motion(
    frame: Frame, boxes: Floats, tracker: Tracker, camera: CameraMotion | None, tally: Tally
) -> Floats | None:
    """The camera's motion since the frame before, for a tracker that makes use of it."""
    if camera is None or not tracker.preset.camera:
        return None
    with tally.timing("camera"):
        return camera(frame, boxes)


class Looking:
    """Tells the tracker what detections of a frame look like, as far as it asks; `tally` counts.

    describable: ``(N,)``, which detections the embedder can tell from their like.
    """

    def __init__(
        self, frame: Frame, detections: Detections, embedder: Embedder, describable: Bools, tally: Tally
    ) -> None:
        self._frame, self._boxes = frame, detections.boxes
        self._embedder, self._describable, self._tally = embedder, describable, tally

    def __call__(self, rows: Ints) -> Floats:
        """Unit vectors ``(R, D)`` of the detections `rows`, zeros for those that cannot be described."""
        with self._tally.timing("embed"):
            chosen = self._describable[rows]
            found = self._embedder(self._frame, self._boxes[rows[chosen]])
            self._tally.embeddings += len(found)
            vectors = np.zeros((len(rows), found.shape[1]))
            vectors[chosen] = found
            return vectors
