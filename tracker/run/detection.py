"""The detection stage: which frames a detector sees, in how many threads, and which of its detections count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Detections, Detector, Floats, Frame
from detectors.boxes import ONE_OBJECT, nms, vote
from tracker.run.detection_interval import DetectionInterval
from tracker.run.masking import Cut, with_masks
from tracker.run.measurements import Measurements
from tracker.threads.ordered_map import OrderedMap


@dataclass(frozen=True)
class DetectionStage:
    """Frames in, frames with their detections out.

    nms_iou: overlap up to which two detections of a class are two objects. classes: class ids that count, None for all.
    inside: tells which xyxy boxes ``(N, 4)`` lie where somebody wants to look, None for all. interval: tells which
    frames to detect in, None for all. cut: gives detections without masks theirs, None for no masks. workers: threads
    that detect in the next frames meanwhile, which changes no result; more than one needs a detector that is
    `concurrent`. With 0, a frame is detected in when it is asked for, as an interval needs that looks at the tracks.
    """

    detector: Detector
    nms_iou: float = 0.7
    classes: Collection[int] | None = None
    inside: Callable[[Floats], Bools] | None = None
    interval: DetectionInterval | None = None
    cut: Cut | None = None
    workers: int = 0

    def over(self, frames: Iterable[Frame], measured: Measurements) -> Iterator[tuple[Frame, Detections | None]]:
        """Each frame with its detections, None where the detector did not see it."""

        def work(item: tuple[Frame, bool]) -> tuple[Frame, Detections | None]:
            frame, due = item
            return frame, self.detect(frame, measured) if due else None

        items = ((frame, self._is_due(frame, measured)) for frame in frames)
        ahead = OrderedMap(items, work, self.workers, measured.clock) if self.workers else nullcontext(map(work, items))
        with ahead as found:
            for frame, detections in found:
                measured.detector_calls += detections is not None
                yield frame, detections

    def detect(self, frame: Frame, measured: Measurements) -> Detections:
        """The detections of one frame that count: detector -> classes -> regions -> non-max suppression -> masks."""
        with measured.timing("detect"):
            detections = self.detector(frame)
            if self.classes is not None:
                detections = detections[np.isin(detections.class_ids, list(self.classes))]
            if self.inside is not None:
                detections = detections[self.inside(detections.boxes)]
            if not self.detector.suppressed:
                detections = suppressed(detections, self.nms_iou)
        if self.cut is None:
            return detections
        with measured.timing("masks"):
            return with_masks(frame, detections, self.cut)

    def _is_due(self, frame: Frame, measured: Measurements) -> bool:
        if self.interval is None:
            return True
        with measured.timing("carry"):
            return self.interval(frame)


def suppressed(found: Detections, iou: float) -> Detections:
    """One detection for each object: the best, and where it brings nothing with it, its box as all of them see it.

    What a detection brings, such as a mask or keypoints, fits the box that it came with.
    """
    kept = nms(found.boxes, found.scores, iou, found.class_ids, ONE_OBJECT)
    best = found[kept]
    if len(kept) == len(found) or best.columns or best.embeddings is not None:
        return best
    return best.with_boxes(vote(found.boxes, found.scores, kept, found.class_ids))
