"""Lines: who crosses counts once, who trembles does not, and it does not matter how often somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.regions.line_crossings import ABSENCE, MARGIN, LineCrossings, margins

DOOR = np.array([[100.0, 0], [100, 200]])  # walking down the picture: "in" is towards the left
ENDLESS = np.array([[100.0, -1e6], [100, 1e6]])


def crossed(
    path: Sequence[tuple[float, float]] | Floats, line: Floats = DOOR, margin: float = 5.0, step: float = 1.0
) -> list[str]:
    """Directions of the crossings of a line on a path of points, seen every `step` seconds."""
    counter = LineCrossings({"door": line})
    found = []
    for index, point in enumerate(np.array(path, dtype=np.float64)):
        seen = counter.update(np.array([7]), point[None], np.array([margin]), np.array([0]), index * step)
        found += [direction for _, _, direction in seen]
    assert [counter.total("door", towards) for towards in ("in", "out")] == [found.count("in"), found.count("out")]
    return found


def between(path: Sequence[tuple[float, float]], looks: int) -> Floats:
    """The same way, looked at `looks` times on each of its legs."""
    shares = np.linspace(0, 1, looks, endpoint=False)[:, None]
    legs = [np.array(start) + shares * (np.array(end) - np.array(start)) for start, end in pairwise(path)]
    return np.concatenate([*legs, np.array(path[-1:], dtype=np.float64)])


def test_in_is_from_the_left_hand_to_the_right() -> None:
    across = np.array([[0.0, 50], [100, 50]])  # walking to the right of the picture, the right hand is below
    assert crossed([(50, 20), (50, 80)], across) == ["in"]
    assert crossed([(50, 80), (50, 20)], across) == ["out"]
    assert crossed([(90, 50), (110, 50)]) == ["out"]


@pytest.mark.parametrize(
    ("path", "directions"),
    [
        ([(80, 50), (98, 50), (102, 50), (97, 50), (104, 50), (120, 50)], ["out"]),  # trembles on the way
        ([(80, 50), (99, 50), (104, 50), (99, 50), (80, 50)], []),  # stands on the line, and goes back
        ([(80, 50), (106, 50), (94, 50)], ["out", "in"]),
        ([(97, 50), (150, 50)], []),  # first seen on the line: nobody knows where it came from
        ([(97, 50), (150, 50), (80, 50)], ["in"]),
        ([(80, 250), (120, 250)], []),  # round the end
        ([(80, 250), (120, 250), (120, 50), (80, 50)], ["in"]),
        ([(80, 150), (103, 150), (103, 250), (97, 250), (97, 150), (120, 150)], ["out"]),  # and a turn round the end
        ([(80, 190), (120, 260)], []),  # the way meets the line's extension
        ([(80, 150), (120, 240)], ["out"]),
        ([(80, 50), (100, 50), (120, 50)], ["out"]),  # exactly on the line in between
        ([(80, 50), (100, 50), (100, 60), (80, 50)], []),
        ([(80, 0), (120, 0)], ["out"]),  # through its very end
        ([(105, 50), (95, 50)], []),  # no farther than the margin
    ],
)
def test_ways(path: list[tuple[float, float]], directions: list[str]) -> None:
    assert crossed(path) == directions


inside_margin = st.floats(95.0, 105.0)
outside = st.one_of(st.floats(20.0, 94.5), st.floats(105.5, 180.0))
heights = st.integers(-100, 300).filter(lambda y: y not in (0, 200))
waypoints = st.lists(st.tuples(outside, heights.map(float)), min_size=2, max_size=8)


@given(st.lists(st.tuples(inside_margin, st.floats(0.0, 200.0)), max_size=30), st.sampled_from([50.0, 150.0]))
def test_trembling_within_the_margin_counts_nothing(tremble: list[tuple[float, float]], home: float) -> None:
    assert crossed([(home, 50.0), *tremble, (home, 50.0)]) == []


@given(st.lists(st.tuples(inside_margin, st.floats(1.0, 199.0)), max_size=30))
def test_one_who_trembles_on_the_way_there_and_back_counts_once_each(tremble: list[tuple[float, float]]) -> None:
    assert crossed([(50, 50), *tremble, (150, 50), *tremble[::-1], (50, 50)]) == ["out", "in"]


@given(waypoints, st.integers(1, 9))
def test_it_does_not_matter_how_often_somebody_looks(path: list[tuple[float, float]], looks: int) -> None:
    assert crossed(between(path, looks)) == crossed(path)


@given(st.lists(st.tuples(st.floats(0.0, 200.0), st.floats(-100.0, 300.0)), min_size=1, max_size=30))
def test_the_net_count_of_an_endless_line_is_the_change_of_sides(path: list[tuple[float, float]]) -> None:
    found = crossed(path, ENDLESS)
    sides = [np.sign(100 - x) for x, _ in path if abs(x - 100) > 5]  # right of the line is the left of the picture
    change = (sides[-1] - sides[0]) / 2 if sides else 0
    assert found.count("in") - found.count("out") == change
    assert all(a != b for a, b in pairwise(found)), "one cannot go in twice without coming out"


@given(waypoints)  # none of them ends exactly at an end of the line, where rounding decides
def test_turning_the_line_round_swaps_in_and_out(path: list[tuple[float, float]]) -> None:
    swap = {"in": "out", "out": "in"}
    assert [swap[direction] for direction in crossed(path, DOOR[::-1].copy())] == crossed(path)


def test_many_tracks_and_lines_are_those_one_by_one() -> None:
    rng = np.random.default_rng(3)
    lines = {str(number): rng.uniform(0, 300, (2, 2)) for number in range(6)}
    paths = rng.uniform(0, 300, (20, 40, 2))  # (tracks, frames, 2)
    there = rng.random((20, 40)) < 0.7
    counter = LineCrossings(lines)
    for frame in range(40):
        who = np.flatnonzero(there[:, frame])
        counter.update(who + 1, paths[who, frame], np.full(len(who), 4.0), who % 3, float(frame))
    for name, line in lines.items():
        alone = [crossed(path[seen], line, 4.0) for path, seen in zip(paths, there, strict=True)]
        for towards in ("in", "out"):
            assert counter.total(name, towards) == sum(found.count(towards) for found in alone)
            for class_id in range(3):
                of_class = sum(found.count(towards) for found in alone[class_id::3])
                assert counter.counts[name][towards, class_id] == of_class
    assert sum(counter.total(name, "in") for name in lines) > 50


def test_a_gap_is_bridged_and_a_long_absence_is_forgotten() -> None:
    assert crossed([(80, 50), (120, 50)], step=8.0) == ["out"]
    counter, seen = LineCrossings({"door": DOOR}), []
    for now in range(400):
        who = np.array([1]) if now in (0, 399) else np.array([2 + now])
        x = 120.0 if now == 399 else 80.0
        seen += counter.update(who, np.array([[x, 50.0]]), np.array([5.0]), np.zeros(1, np.int64), float(now))
    assert seen == []
    assert len(counter._state.ids) < 250


def test_a_way_that_nobody_saw_crosses_nothing() -> None:
    for away, missed, expected in ((ABSENCE - 1, 20, ["out"]), (ABSENCE + 1, 20, []), (ABSENCE + 1, 2, ["out"])):
        counter, seen = LineCrossings({"door": DOOR}), []
        for now in np.linspace(0, away, missed + 2):
            who, x = (np.array([1]), 120.0 if now else 80.0) if now in (0, away) else (np.array([2]), 20.0)
            seen += counter.update(who, np.array([[x, 50.0]]), np.array([5.0]), np.zeros(1, np.int64), float(now))
        back = counter.update(np.array([1]), np.array([[80.0, 50]]), np.array([5.0]), np.zeros(1, np.int64), away + 1)
        assert [direction for _, _, direction in seen] == expected
        assert [direction for _, _, direction in back] == ["in"]  # from there on it is seen


def test_margins_go_with_the_size_of_the_object() -> None:
    assert margins(np.array([[0.0, 0, 40, 90], [5, 5, 5, 80]])) == pytest.approx([MARGIN * 60, 0])
