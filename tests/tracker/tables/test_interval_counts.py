"""Counts by interval against what is told by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from tracker.regions.events import Event
from tracker.tables.interval_counts import Count, Interval, IntervalCounts, Place
from tracker.tables.intervals import Intervals


def event(kind: str, time: float, track_id: int = 1, name: str = "person", **more: Any) -> Event:
    return Event(kind, time, 1, track_id, name, np.zeros(4), **more)


def run(counts: IntervalCounts, frames: list[float], events: dict[float, list[Event]]) -> list[dict[Any, Any]]:
    """The intervals of frames at some times, with the events that each brings, as dictionaries by place and class."""
    shown = []

    def take(interval: Interval) -> None:
        found: dict[Any, Any] = {(*count.place, count.class_name): count for count in counts.counts(interval)}
        shown.append(found | {"from": interval.start, "to": interval.end, "observed": interval.observed})

    for time in frames:
        over = counts.take(time, events.get(time, []))
        for interval in over:
            take(interval)
        if over:
            counts.forget()
    for interval in counts.rest():
        take(interval)
    return shown


def plain(counts: Count) -> tuple[Any, ...]:
    return counts[2:]


def test_a_visit_counts_in_every_interval_that_it_touches() -> None:
    counts = IntervalCounts(Intervals(10), [], ["hall"])
    events = {2.0: [event("enter", 2.0, zone="hall")], 27.0: [event("exit", 25.0, zone="hall", dwell=23.0)]}
    found = run(counts, [float(time) for time in range(31)], events)
    halls = [each["zone", "hall", "all"] for each in found]
    assert [plain(hall)[2:] for hall in halls] == [
        (0.8, 1, 1, None, None),
        (1.0, 1, 0, None, None),
        (0.5, 1, 0, 23.0, 23.0),
        (None, 0, 0, None, None),
    ]
    assert [(each["from"], each["to"], each["observed"]) for each in found] == [
        (0.0, 10.0, 10.0),
        (10.0, 20.0, 10.0),
        (20.0, 30.0, 10.0),
        (30.0, 30.0, 0.0),
    ]


def test_who_leaves_late_was_not_there_with_who_came() -> None:
    counts = IntervalCounts(Intervals(60), [], ["hall"])
    events = {
        1.0: [event("enter", 1.0, 1, zone="hall")],
        4.0: [event("enter", 4.0, 2, "car", zone="hall")],
        5.0: [event("exit", 3.0, 1, zone="hall", dwell=2.0)],  # told two seconds late
    }
    (found,) = run(counts, [float(time) for time in range(11)], events)
    assert found["zone", "hall", "all"] == Count(Place("zone", "hall"), "all", None, None, 0.8, 1, 2, 2.0, 2.0)
    assert found["zone", "hall", "car"].mean == 0.6
    assert found["zone", "hall", "person"].dwell == 2.0


def test_crossings_are_told_by_direction_and_class_and_zeros_are_written() -> None:
    counts = IntervalCounts(Intervals(10), ["door"], [])
    events = {
        1.0: [event("cross", 1.0, line="door", direction="in")],
        20.0: [event("cross", 20.0, line="door", direction=towards) for towards in ("in", "out", "out")]
        + [event("cross", 20.0, 2, "car", line="door", direction="out")],
    }
    found = run(counts, [float(time) for time in range(26)], events)
    assert [plain(each["line", "door", "all"])[:2] for each in found] == [(1, 0), (0, 0), (1, 3)]
    assert plain(found[2]["line", "door", "car"])[:2] == (0, 1)
    assert ("line", "door", "person") not in found[1]


def test_intervals_of_a_live_source_stand_on_the_clock() -> None:
    began = datetime(2026, 3, 1, 7, 41, 30, tzinfo=timezone.utc).astimezone()
    intervals = Intervals(900, lambda time: (began + timedelta(seconds=time)).astimezone(timezone.utc))
    minute = began.minute % 15
    assert intervals.start_of(0.0) == 0.0
    assert intervals.end_of(0.0) == pytest.approx((15 - minute) * 60 - 30)
    assert intervals.end_of(intervals.end_of(0.0)) == pytest.approx((30 - minute) * 60 - 30)
    assert intervals.shown(0.0) == f"{began:%Y-%m-%d %H:%M:%S}"
    assert intervals.offset(0.0) == f"{began:%z}"[:3] + ":" + f"{began:%z}"[3:]
    odd = Intervals(7 * 3600, lambda time: began + timedelta(seconds=time))  # the last one ends at midnight
    ends = [0.0]
    while ends[-1] < 86400:
        ends.append(odd.end_of(ends[-1]))
    assert {intervals.shown(end)[11:] for end in ends[1:]} == {"00:00:00", "07:00:00", "14:00:00", "21:00:00"}


def test_an_outage_is_not_observed() -> None:
    began = datetime(2026, 3, 1, 0, 0, 0, tzinfo=timezone.utc)
    counts = IntervalCounts(Intervals(60, lambda time: began + timedelta(seconds=time)), [], ["hall"], live=True)
    found = run(counts, [*np.arange(0.0, 30.0), *np.arange(150.0, 170.0)], {})
    assert [round(each["observed"]) for each in found] == [29, 0, 29]
    assert found[1]["zone", "hall", "all"].mean is None
