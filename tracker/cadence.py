"""Which frames a detector looks at, where it does not look at all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from detectors.base import Floats, Frame
from tracker.engine import Tracker
from tracker.tracks import Shifts

LONGEST = 0.2  # seconds without a detection: what comes into view is seen a tenth of a second late, on average
DOUBT = 0.125  # share of a box's side by which it may be off; a fresh detection may be by 0.05 or so
ROUNDING = 1e-3  # seconds: times in files are rounded


Follow = Callable[[Frame, Floats], "Shifts | None"]
"""How far xyxy boxes ``(N, 4)`` of the last frame have moved until this one; `tracker.carry.Carrier` is one."""


class Cadence(Protocol):
    """Tells which frames to detect in."""

    def __call__(self, frame: Frame) -> bool:
        """Whether to detect in this frame, as in the first of any shot. Call it once a frame, in order."""
        ...


class EveryNth:
    """The first frame of each shot, and each `count`-th after it."""

    def __init__(self, count: int) -> None:
        self._count = self._since = count

    def __call__(self, frame: Frame) -> bool:
        """Whether `count` - 1 frames have been skipped."""
        due = frame.cut or self._since >= self._count
        self._since = 1 if due else self._since + 1
        return due


class AsNeeded:
    """Detections where the tracks ask for one, and none where they can be followed without.

    They ask for one when a track is tentative, since only a detection confirms it; when a lost one has waited for as
    long as it had been out of sight, so that the waiting doubles; and when a box may be off by more than `DOUBT`,
    which is what lost points, fast and strange motion, few pictures a second and small boxes have in common. `LONGEST`
    bounds how late newcomers are seen.

    tracker: whose tracks they are, as they were in the frame before: frames have to be taken one at a time. carrier:
    follows them through the pictures, None where there are none.
    """

    def __init__(self, tracker: Tracker, carrier: Follow | None) -> None:
        self._tracker, self._carrier = tracker, carrier
        self._looked, self._before = float("-inf"), 0.0

    def __call__(self, frame: Frame) -> bool:
        """Whether to detect in this frame."""
        due = frame.cut or self._due(frame)
        self._before = frame.time
        if due:
            self._looked = frame.time
        return due

    def _due(self, frame: Frame) -> bool:
        tracker, waited, step = self._tracker, frame.time - self._looked, frame.time - self._before
        if waited + step > LONGEST + ROUNDING or tracker.undecided:
            return True
        if (tracker.lost_for <= waited + ROUNDING).any():
            return True
        shifts = None if self._carrier is None else self._carrier(frame, tracker.taken.boxes)
        return bool((tracker.doubts(step, shifts) > DOUBT).any())


def make_cadence(every: int | str, tracker: Tracker, carrier: Follow | None) -> Cadence | None:
    """The cadence of ``--detect-every``: a number of frames, or ``auto``; None for every frame."""
    if str(every) == "auto":
        return AsNeeded(tracker, carrier)
    return EveryNth(int(every)) if int(every) > 1 else None
