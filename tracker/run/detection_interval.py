"""Which frames a detector looks at, where it does not look at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from detectors.base import Floats, Frame
from tracker.association.engine import Tracker

if TYPE_CHECKING:  # a run without pictures does without OpenCV
    from tracker.motion.propagation import Propagator
    from tracker.motion.scene_change import SceneChangeDetector

LONGEST = 0.2  # seconds without a detection: what comes into view is seen a tenth of a second late, on average
CALM = 0.5  # the same while nothing new moves: what a detector has overlooked is found that late
DOUBT = 0.125  # share of a box's side by which it may be off; a fresh detection may be by 0.05 or so
ROUNDING = 1e-3  # seconds: times in files are rounded


class DetectionInterval(Protocol):
    """Tells which frames to detect in."""

    def __call__(self, frame: Frame) -> bool:
        """Whether to detect in this frame, as in the first of any shot. Call it once a frame, in order."""
        ...


class FixedInterval:
    """The first frame of each shot, and each `count`-th after it."""

    def __init__(self, count: int) -> None:
        self._count = self._since = count

    def __call__(self, frame: Frame) -> bool:
        """Whether `count` - 1 frames have been skipped."""
        due = frame.cut or self._since >= self._count
        self._since = 1 if due else self._since + 1
        return due


class AdaptiveInterval:
    """Detections where the tracks ask for one, and none where they can be followed without.

    They ask for one when a track is tentative, since only a detection confirms it; when a lost one has waited for as
    long as it had been out of sight, so that the waiting doubles; and when a box may be off by more than `DOUBT`,
    which is what lost points, fast and strange motion, few pictures a second and small boxes have in common. `LONGEST`
    bounds how late newcomers are seen, `CALM` where the picture shows that there are none.

    tracker: whose tracks they are, as they were in the frame before: frames have to be taken one at a time. carrier:
    follows them through the pictures, None where there are none.
    """

    def __init__(self, tracker: Tracker, propagator: Propagator | None) -> None:
        self._tracker, self._propagator = tracker, propagator
        self._scene_change = None if propagator is None else _scene_change(propagator)
        self._looked, self._before = float("-inf"), 0.0
        self._known = np.empty((0, 4))  # where objects were when somebody last looked

    def __call__(self, frame: Frame) -> bool:
        """Whether to detect in this frame."""
        due = frame.cut or self._due(frame)
        self._before = frame.time
        if due:
            self._looked = frame.time
            if self._scene_change is not None:
                self._scene_change.set_reference(frame)
        return due

    def _due(self, frame: Frame) -> bool:
        tracker, waited, step = self._tracker, frame.time - self._looked, frame.time - self._before
        boxes, gap = tracker.assignments.boxes, waited + step - ROUNDING  # of a detection in the next frame
        if self._looked == self._before:
            self._known = boxes
        if gap > CALM or tracker.has_tentative or (tracker.seconds_lost <= waited + ROUNDING).any():
            return True
        if gap > LONGEST and self._stirs(frame, boxes):
            return True
        displacements = None if self._propagator is None else self._propagator(frame, boxes)
        return bool((tracker.position_uncertainty(step, displacements) > DOUBT).any())

    def _stirs(self, frame: Frame, boxes: Floats) -> bool:
        """Whether something moves that is none of the tracks."""
        return self._scene_change is None or self._scene_change(frame, np.concatenate([boxes, self._known]))


def _scene_change(propagator: Propagator) -> SceneChangeDetector:
    """Tells what is new in the pictures that the carrier looks at."""
    from tracker.motion.scene_change import SceneChangeDetector

    return SceneChangeDetector(propagator.downscale)


def make_interval(every: int | str, tracker: Tracker, propagator: Propagator | None) -> DetectionInterval | None:
    """The cadence of ``--detect-every``: a number of frames, or ``auto``; None for every frame."""
    if str(every) == "auto":
        return AdaptiveInterval(tracker, propagator)
    return FixedInterval(int(every)) if int(every) > 1 else None
