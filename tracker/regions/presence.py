"""Which objects are present: they appear, leave and return."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from detectors.base import Floats, Frame
from tracker.association.tracks import Tracks

TIMEOUT = 2.0  # seconds without being seen after which an object has left; as long as the default tracker waits
INTERVALS = 3  # frames in which it has to be missed at least, where the frame rate is low
REMEMBERED = 10_000  # departed objects, which return; of who comes back still later, a tracker tells
SMOOTHING = 0.1  # share of a new interval between frames in the typical one


@dataclass
class PresentObject:
    """An object that is present.

    since: seconds when it appeared or returned. seen, frame, box: seconds, index and ``(4,)`` xyxy pixels when it was
    last seen.
    """

    track_id: int
    class_id: int
    since: float
    seen: float
    frame: int
    box: Floats


class Presence:
    """Follows which objects are present. present: by track id, those seen longest ago first."""

    def __init__(self) -> None:
        self.present: OrderedDict[int, PresentObject] = OrderedDict()
        self._left: OrderedDict[int, None] = OrderedDict()  # track ids, those that left first at the beginning
        self._now: float | None = None
        self._interval = 0.0

    def update(self, frame: Frame, tracks: Tracks) -> tuple[list[PresentObject], list[PresentObject]]:
        """Take in the tracks of one frame; returns the objects that appear in it, and those that return."""
        self._learn_interval(frame.time)
        returned = {each.track_id for each in tracks.returns}
        new: list[PresentObject] = []
        back: list[PresentObject] = []
        for track_id, class_id, box in zip(
            tracks.track_ids.tolist(), tracks.class_ids.tolist(), tracks.boxes, strict=True
        ):
            known = self.present.get(track_id)
            if known is None:
                known = self.present[track_id] = PresentObject(
                    track_id, class_id, frame.time, frame.time, frame.index, box
                )
                left = track_id in self._left
                self._left.pop(track_id, None)
                (back if left or track_id in returned else new).append(known)
            known.class_id, known.seen, known.frame, known.box = class_id, frame.time, frame.index, box
            self.present.move_to_end(track_id)
        return new, back

    def expired(self, now: float) -> list[PresentObject]:
        """Objects that have not been seen for so long that they have left; each is returned once. now: seconds."""
        if not self._interval:  # after a single frame the interval is unknown
            return []
        return list(self._end(now, max(TIMEOUT, INTERVALS * self._interval)))

    def end_all(self) -> list[PresentObject]:
        """All present objects, which leave."""
        return list(self._end(self._now or 0.0, -1.0))

    def _end(self, now: float, timeout: float) -> Iterator[PresentObject]:
        while self.present and now - next(iter(self.present.values())).seen > timeout:
            track_id, known = self.present.popitem(last=False)
            self._left[track_id] = None
            if len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
            yield known

    def _learn_interval(self, time: float) -> None:
        """Update the typical time between frames; a pause of the source counts as two intervals at most."""
        if self._now is not None:
            step = time - self._now
            self._interval += SMOOTHING * (min(step, 2 * self._interval) - self._interval) if self._interval else step
        self._now = time
