"""When each object was there, as spans of time, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

WINDOW = 600.0  # seconds that are remembered
GAP = 1.0  # seconds out of sight that a span goes on through
MOST_OBJECTS, MOST_SPANS = 300, 24


@dataclass
class Presence:
    """spans: seconds from and to which an object was seen, the oldest first."""

    class_id: int
    spans: list[list[float]] = field(default_factory=list)


class Timeline:
    """Who was there when, for the objects seen last."""

    def __init__(self) -> None:
        self._objects: dict[int, Presence] = {}  # who was seen last comes last

    def see(self, time: float, rows: Iterable[tuple[int, int]]) -> None:
        """Take in who is there at `time`: ids with their classes."""
        for track_id, class_id in rows:
            presence = self._objects.pop(track_id, None) or Presence(class_id)
            self._objects[track_id] = presence
            presence.class_id = class_id
            spans = presence.spans
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
        """Id, class and spans of each object, who was there first comes first; a copy."""
        found = [
            (track_id, presence.class_id, [[round(start, 2), round(end, 2)] for start, end in presence.spans])
            for track_id, presence in self._objects.items()
        ]
        return sorted(found, key=lambda row: row[2][0][0])

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._objects
