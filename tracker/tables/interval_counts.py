"""Counts by interval of time: crossings of lines, and who was in zones and in the picture, for how long."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tracker.regions.events import APPEAR, CROSS, ENTER, EXIT, LEAVE, RETURN, Event
from tracker.regions.line_crossings import DIRECTIONS
from tracker.tables.intervals import Intervals

LINE, ZONE, PICTURE = "line", "zone", "picture"
ALL = "all"  # classes
GRACE = 10.0  # seconds after its end for which an interval waits: leaving is told late
LONGEST_STEP = 10.0  # seconds between two frames of a live source; beyond that, nobody was watching


class Place(NamedTuple):
    """Where something is counted. kind: "line", "zone" or "picture". name: "" for the picture."""

    kind: str
    name: str


class Stay(NamedTuple):
    """A stay in a zone or in the picture, in seconds. end: None while it goes on."""

    class_name: str
    start: float
    end: float | None = None


class Count(NamedTuple):
    """What is counted at a place in an interval, of one class or of all.

    into, out: crossings of a line. mean, most: objects inside at a time. visits: that began. dwell, longest: seconds,
    on average and at most, of those that ended. None: does not apply, or nothing is known.
    """

    place: Place
    class_name: str
    into: int | None = None
    out: int | None = None
    mean: float | None = None
    most: int | None = None
    visits: int | None = None
    dwell: float | None = None
    longest: float | None = None


@dataclass
class Interval:
    """start, end: seconds. observed: seconds of it with pictures. crossings: by line, direction and class."""

    start: float
    end: float
    observed: float = 0.0
    crossings: Counter[tuple[str, str, str]] = field(default_factory=Counter)


class IntervalCounts:
    """Counts what events tell, interval by interval. lines, zones: their names. live: whether pauses may occur."""

    def __init__(self, intervals: Intervals, lines: Sequence[str], zones: Sequence[str], live: bool = False) -> None:
        self._intervals, self._lines, self._live = intervals, lines, live
        self._places = [*(Place(ZONE, zone) for zone in zones), Place(PICTURE, "")]
        self._going: dict[tuple[Place, int], Stay] = {}
        self._over: dict[Place, list[Stay]] = {place: [] for place in self._places}
        self._open: deque[Interval] = deque()
        self._now: float | None = None

    def take(self, time: float, events: Sequence[Event]) -> list[Interval]:
        """A frame has come, and events up to it; returns the intervals that are over. time: seconds of the source."""
        self._reach(time)
        self.tell(events)
        over = []
        while time >= self._open[0].end + GRACE:
            over.append(self._open.popleft())
        return over

    def forget(self) -> None:
        """Forget the stays that were over before the oldest interval that is not."""
        first = self._open[0].start
        for place, stays in self._over.items():
            self._over[place] = [stay for stay in stays if stay.end is not None and stay.end >= first]

    def tell(self, events: Sequence[Event]) -> None:
        """Take in what happened up to the last frame."""
        for event in events:
            if event.kind == CROSS:
                self._interval_of(event.time).crossings[str(event.line), str(event.direction), event.class_name] += 1
            elif event.kind in (ENTER, EXIT):
                self._note(Place(ZONE, str(event.zone)), event, event.kind == ENTER)
            elif event.kind in (APPEAR, RETURN, LEAVE):
                self._note(Place(PICTURE, ""), event, event.kind != LEAVE)

    def _reach(self, time: float) -> None:
        """Open the intervals up to a time, and count it as observed since the frame before."""
        if self._now is None:
            self._open.append(Interval(self._intervals.start_of(time), self._intervals.end_of(time)))
        before = time if self._now is None else self._now
        if self._live:
            before = max(before, time - LONGEST_STEP)
        while time >= self._open[-1].end:
            start = self._open[-1].end
            self._open.append(Interval(start, self._intervals.end_of(start + 1e-3)))
        for interval in self._open:
            interval.observed += max(0.0, min(time, interval.end) - max(before, interval.start))
        self._now = time

    def rest(self) -> list[Interval]:
        """The intervals that are not over, the last of which ends now."""
        if self._now is None:
            return []
        *full, last = self._open
        return [*full, Interval(last.start, min(last.end, self._now), last.observed, last.crossings)]

    def counts(self, interval: Interval) -> Iterator[Count]:
        """What was counted in an interval: each line and place, all classes first."""
        for line in self._lines:
            classes = sorted({name for at, _, name in interval.crossings if at == line})
            for name in (ALL, *classes):
                into, out = (
                    sum(
                        number
                        for (at, towards, kind), number in interval.crossings.items()
                        if at == line and towards == direction and name in (ALL, kind)
                    )
                    for direction in DIRECTIONS.values()
                )
                yield Count(Place(LINE, line), name, into, out)
        for place in self._places:
            stays = [stay for stay in self._stays(place) if _overlap(stay, interval) is not None]
            for name in (ALL, *sorted({stay.class_name for stay in stays})):
                yield _summary(place, name, [stay for stay in stays if name in (ALL, stay.class_name)], interval)

    def _stays(self, place: Place) -> Iterator[Stay]:
        yield from self._over[place]
        yield from (stay for (at, _), stay in self._going.items() if at == place)

    def _note(self, place: Place, event: Event, begins: bool) -> None:
        if begins:
            self._going[place, event.track_id] = Stay(event.class_name, event.time)
        elif (stay := self._going.pop((place, event.track_id), None)) is not None:
            self._over[place].append(stay._replace(end=event.time))

    def _interval_of(self, time: float) -> Interval:
        """The interval of a time, or the oldest that still waits."""
        return next((interval for interval in reversed(self._open) if time >= interval.start), self._open[0])


def _overlap(stay: Stay, interval: Interval) -> tuple[float, float] | None:
    """From when to when a stay lies in an interval; one of no length counts where it begins."""
    start = max(stay.start, interval.start)
    end = interval.end if stay.end is None else min(stay.end, interval.end)
    return (start, end) if start < end or (start == end == stay.start < interval.end) else None


def _summary(place: Place, name: str, stays: Sequence[Stay], interval: Interval) -> Count:
    parts = [part for stay in stays if (part := _overlap(stay, interval)) is not None]
    total = sum(end - start for start, end in parts)
    ended = [stay.end - stay.start for stay in stays if stay.end is not None and stay.end <= interval.end]
    return Count(
        place,
        name,
        mean=round(total / interval.observed, 3) if interval.observed else None,
        most=_most(parts),
        visits=sum(interval.start <= stay.start < interval.end for stay in stays),
        dwell=round(sum(ended) / len(ended), 3) if ended else None,
        longest=round(max(ended), 3) if ended else None,
    )


def _most(parts: Sequence[tuple[float, float]]) -> int:
    """How many spans of time overlap at most; one that ends where another begins does not."""
    steps = sorted(
        [(start, 1) for start, end in parts if end > start] + [(end, -1) for start, end in parts if end > start]
    )
    count = most = 0
    for _, step in steps:
        count += step
        most = max(most, count)
    return max(most, 1 if parts else 0)
