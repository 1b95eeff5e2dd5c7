"""Who is here: objects appear, leave and return."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from detectors.base import Floats, Frame
from tracker.association.tracks import Tracks

PATIENCE = 2.0  # seconds without being seen after which an object has left; as long as the default tracker waits
INTERVALS = 3  # frames that it has to be missed in at least, where few come
MEMORY = 120.0  # seconds for which one that has left is known when it returns: no tracker waits longer
SHARE = 0.1  # of the newest step in the typical one


@dataclass
class Stay:
    """An object that is here: when it came, and where it was last seen. times: seconds; frame: index; box: ``(4,)``."""

    track_id: int
    class_id: int
    since: float
    seen: float
    frame: int
    box: Floats


class Presence:
    """Follows who is here. here: by track id, those seen longest ago first."""

    def __init__(self) -> None:
        self.here: OrderedDict[int, Stay] = OrderedDict()
        self._left: OrderedDict[int, float] = OrderedDict()  # track id -> when it was told to have left
        self._now: float | None = None
        self._interval = 0.0

    def see(self, frame: Frame, tracks: Tracks) -> tuple[list[Stay], list[Stay]]:
        """Take in one frame; returns those who appear in it, and those who return."""
        self._learn_interval(frame.time)
        new: list[Stay] = []
        back: list[Stay] = []
        for track_id, class_id, box in zip(
            tracks.track_ids.tolist(), tracks.class_ids.tolist(), tracks.boxes, strict=True
        ):
            stay = self.here.get(track_id)
            if stay is None:
                stay = self.here[track_id] = Stay(track_id, class_id, frame.time, frame.time, frame.index, box)
                (new if self._left.pop(track_id, None) is None else back).append(stay)
            stay.class_id, stay.seen, stay.frame, stay.box = class_id, frame.time, frame.index, box
            self.here.move_to_end(track_id)
        return new, back

    def gone(self, now: float) -> list[Stay]:
        """Those who have not been seen for so long that they have left; each is told once. now: seconds."""
        if not self._interval:  # after a single frame nobody knows when to expect the next
            return []
        return list(self._end(now, max(PATIENCE, INTERVALS * self._interval)))

    def all_gone(self) -> list[Stay]:
        """Everybody leaves."""
        return list(self._end(self._now or 0.0, -1.0))

    def _end(self, now: float, patience: float) -> Iterator[Stay]:
        while self.here and now - next(iter(self.here.values())).seen > patience:
            track_id, stay = self.here.popitem(last=False)
            self._left[track_id] = now
            yield stay
        while self._left and now - next(iter(self._left.values())) > MEMORY:
            self._left.popitem(last=False)

    def _learn_interval(self, time: float) -> None:
        """The typical time between frames; an interruption of the source is not typical."""
        if self._now is not None:
            step = time - self._now
            self._interval += SHARE * (min(step, 2 * self._interval) - self._interval) if self._interval else step
        self._now = time
