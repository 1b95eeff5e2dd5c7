"""Zones: who enters, who exits, and how long they were in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.regions.zones import Visit, ZoneOccupancy

HALL = np.array([[100.0, 100], [200, 100], [200, 200], [100, 200]])


def visits(
    zones: ZoneOccupancy, path: list[tuple[float, float]], margin: float = 5.0, track_id: int = 3, start: float = 0.0
) -> list[Visit]:
    found = []
    for second, point in enumerate(path):
        found += zones.update(np.array([track_id]), np.array([point]), np.array([margin]), start + second)
    return found


def test_a_visit_has_a_beginning_an_end_and_a_dwell() -> None:
    zones = ZoneOccupancy({"hall": HALL})
    found = visits(zones, [(50, 150), (102, 150), (106, 150), (150, 150), (96, 150), (94, 150)])
    assert found == [Visit(3, "hall"), Visit(3, "hall", 3.0)]
    count = zones.counts["hall"]
    assert (count.entries, count.over, count.total_dwell, count.longest) == (1, 1, 3.0, 3.0)
    assert zones.since("hall") == []


@given(st.lists(st.tuples(st.floats(95.1, 104.9), st.floats(110.0, 190.0)), max_size=20), st.booleans())
def test_trembling_on_the_edge_changes_nothing(tremble: list[tuple[float, float]], inside: bool) -> None:
    home = (150.0, 150.0) if inside else (50.0, 150.0)
    found = visits(ZoneOccupancy({"hall": HALL}), [home, *tremble, home])
    assert found == ([Visit(3, "hall")] if inside else [])


def test_one_who_is_first_seen_inside_enters_at_once_even_near_the_edge() -> None:
    assert visits(ZoneOccupancy({"hall": HALL}), [(101, 150)]) == [Visit(3, "hall")]


def test_a_zone_smaller_than_the_margins_can_be_entered() -> None:
    assert (
        len(visits(ZoneOccupancy({"dot": HALL[0] + (HALL - HALL[0]) / 20}), [(50, 50), (102.5, 102.5)], margin=30)) == 1
    )


def test_the_border_of_the_picture_is_no_edge() -> None:
    along_the_bottom: list[tuple[float, float]] = [(50, 199), (90, 199), (120, 199), (150, 199)]
    assert visits(ZoneOccupancy({"hall": HALL}, (300, 200)), along_the_bottom, 15.0) == [Visit(3, "hall")]
    assert visits(ZoneOccupancy({"hall": HALL}), along_the_bottom, 15.0) == []
    everything = np.array([[0.0, 0], [300, 0], [300, 200], [0, 200]])
    assert visits(ZoneOccupancy({"all": everything}, (300, 200)), [(0, 0), (299, 199)], 50.0) == [Visit(3, "all")]


def test_one_who_leaves_ends_all_visits_when_last_seen() -> None:
    zones = ZoneOccupancy({"hall": HALL, "wide": HALL * 2 - 150})
    visits(zones, [(150, 150), (150, 150), (150, 150)])
    assert zones.dwells(3, 2.0) == {"hall": 2.0, "wide": 2.0}
    assert zones.end_visits(3, 2.0) == [Visit(3, "hall", 2.0), Visit(3, "wide", 2.0)]
    assert zones.end_visits(3, 2.0) == []
    assert zones.dwells(3, 2.0) == {}
    assert visits(zones, [(101, 150)], start=9.0)[0] == Visit(3, "hall")  # known anew where it returns
    assert zones.counts["hall"].entries == 2


def test_many_are_in_several_zones_at_once() -> None:
    zones = ZoneOccupancy({"hall": HALL, "part": HALL / 2 + 75})  # the middle of it
    places: Floats = np.array([[150.0, 150], [110, 110], [10, 10]])
    zones.update(np.array([5, 2, 9]), places, np.full(3, 1.0), 1.0)
    zones.update(np.array([2, 9, 5]), places[[1, 2, 0]], np.full(3, 1.0), 3.5)
    assert zones.dwells(5, 3.5) == {"hall": 2.5, "part": 2.5}
    assert zones.dwells(2, 3.5) == {"hall": 2.5}
    assert zones.dwells(9, 3.5) == {}
    assert [len(zones.since(name)) for name in zones.names] == [2, 1]
    assert zones.counts["hall"].entries == pytest.approx(2)
