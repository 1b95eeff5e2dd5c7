"""The timeline: when each object was visible, as spans of time, in memory of limited size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

WINDOW = 600.0  # seconds that are remembered
GAP = 1.0  # seconds out of sight that do not end a span
MOST_OBJECTS, MOST_SPANS = 300, 24


@dataclass
class ObjectSpans:
    """spans: seconds from and to which an object was visible, the oldest first."""

    class_id: int
    spans: list[list[float]] = field(default_factory=list)


class Timeline:
    """The spans of the objects that were seen last."""

    def __init__(self) -> None:
        self._objects: dict[int, ObjectSpans] = {}  # by track id, those seen longest ago first

    def update(self, time: float, rows: Iterable[tuple[int, int]]) -> None:
        """Take in the objects that are visible at `time` (seconds): track ids with class ids."""
        for track_id, class_id in rows:
            known = self._objects.pop(track_id, None) or ObjectSpans(class_id)
            self._objects[track_id] = known
            known.class_id = class_id
            spans = known.spans
            if spans and time - spans[-1][1] <= GAP:
                spans[-1][1] = time
            else:
                spans.append([time, time])
                del spans[:-MOST_SPANS]
        self._forget(time)

    def _forget(self, time: float) -> None:
        while self._objects:
            oldest = next(iter(self._objects))
            gone = time - self._objects[oldest].spans[-1][1] > WINDOW
            if not gone and len(self._objects) <= MOST_OBJECTS:
                return
            del self._objects[oldest]

    def rows(self) -> list[tuple[int, int, list[list[float]]]]:
        """Track id, class id and spans of each object, in order of their first span; a copy."""
        found = [
            (track_id, known.class_id, [[round(start, 2), round(end, 2)] for start, end in known.spans])
            for track_id, known in self._objects.items()
        ]
        return sorted(found, key=lambda row: row[2][0][0])

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._objects
