"""Which group an object belongs to on a map: its class, a span of time, or the zones that it was in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from detectors.base import Floats
from tracker.maps.journeys import Journey
from tracker.maps.layers import ALL, Group
from tracker.maps.time_spans import TimeSpans

CLASS, TIME, ZONE = "class", "time", "zone"
BY = (CLASS, TIME, ZONE)
NO_ZONE = "in no zone"


class Grouping:
    """Puts objects into groups. by: one of `BY`, None for all as one. class_names: of the detector by id."""

    def __init__(self, by: str | None, class_names: Mapping[int, str], spans: TimeSpans) -> None:
        self.by, self._names, self.spans = by, class_names, spans

    def parts(self, journey: Journey, each_zone: bool) -> Iterator[tuple[Group, Floats]]:
        """The points ``(P, 4)`` of a path with the group that they belong to.

        each_zone: whether someone who was in several zones belongs to all of them, or to that of the longest stay.
        """
        if self.by == TIME:
            yield from self._by_time(journey)
            return
        for part in journey.parts():
            for group in self.groups(journey, each_zone):
                yield group, part

    def groups(self, journey: Journey, each_zone: bool) -> list[Group]:
        """The groups of an object, but for spans of time."""
        if self.by == CLASS:
            return [self._names.get(journey.class_id, str(journey.class_id) if self._names else "object")]
        if self.by == ZONE:
            zones = sorted(journey.zones, key=lambda zone: -journey.zones[zone])
            return [*zones] if zones and each_zone else [*zones[:1]] or [NO_ZONE]
        return [] if self.by == TIME else [ALL]

    def name(self, group: Group) -> str:
        """A group for people."""
        return group if isinstance(group, str) else self.spans.name(group)

    def _by_time(self, journey: Journey) -> Iterator[tuple[Group, Floats]]:
        for part in journey.parts():
            starts = np.array([self.spans.start_of(time) for time in part[:, 0].tolist()])
            ends = [*(1 + np.flatnonzero(np.diff(starts))), len(part)]
            for first, end in zip([0, *ends], ends, strict=False):
                yield float(starts[first]), part[first : end + 1]  # up to where the next one begins
