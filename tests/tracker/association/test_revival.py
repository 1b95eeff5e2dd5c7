"""Lost tracks found again where they may have got to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS
from tracker.association.revival import Revival, motion_cost, revival_cost

LOST = np.array([[100.0, 100, 140, 200]])  # 100 high, feet at (120, 200)
STILL = np.zeros((1, 2))
R = Revival()


def cost(boxes: Floats, gap: float = 1.0, velocity: Floats = STILL, last: Floats = LOST) -> Floats:
    return np.asarray(motion_cost(R, last, velocity, np.array([gap]), boxes)[0])


def test_the_same_place_and_size_costs_nothing() -> None:
    assert cost(LOST)[0] == 0


def test_the_tolerance_grows_with_time_in_heights() -> None:
    for gap in (0.1, 1.0, 2.0):
        limit = 100 * (R.tolerance + R.tolerance_rate * gap)
        assert cost(LOST + np.array([limit, 0, limit, 0]), gap)[0] == pytest.approx(1.0)


def test_a_change_of_height_uses_up_the_tolerance() -> None:
    taller = LOST - [[0, 100 * (np.exp(R.height_change) - 1), 0, 0]]
    assert cost(taller)[0] == pytest.approx(1.0)


def test_its_velocity_is_extrapolated_for_a_while() -> None:
    velocity = np.array([[50.0, 0.0]])
    for gap, moved in ((0.1, 5.0), (R.extrapolation, 50 * R.extrapolation), (2.0, 50 * R.extrapolation)):
        assert cost(LOST + np.array([moved, 0, moved, 0]), gap, velocity)[0] == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=50)
@given(st.floats(0.05, 20), st.floats(-1000, 1000), st.floats(-80, 80), st.floats(0.1, 3))
def test_scale_and_place_do_not_matter(zoom: float, shift: float, moved: float, gap: float) -> None:
    box = LOST + np.array([moved, 0, moved, 3])
    other = motion_cost(R, zoom * LOST + shift, STILL, np.array([gap]), zoom * box + shift)[0]
    assert other[0] == pytest.approx(cost(box, gap)[0], rel=1e-6, abs=1e-6)


def test_boxes_without_height_are_finite() -> None:
    flat = np.array([[100.0, 200, 140, 200]])
    assert np.isfinite(cost(flat)).all()
    assert np.isfinite(cost(LOST, last=flat)).all()
    assert motion_cost(R, LOST, STILL, np.array([1.0]), np.empty((0, 4))).shape == (1, 0)


def judged(place: float, appearance: float, overdue: bool = False) -> float:
    return float(revival_cost(R, np.array([[place]]), np.array([[appearance]]), np.array([overdue]))[0, 0])


@settings(max_examples=50)
@given(st.floats(0, 4), st.floats(-1.5, 1.0))
def test_appearance_ranks_what_motion_allows_and_forbids_only_what_clearly_differs(
    place: float, appearance: float
) -> None:
    cost = judged(place, appearance)
    if place >= R.max_motion_cost or appearance < R.different:
        assert cost == np.inf
    elif place <= 1:
        assert cost <= 1
    if place < R.max_motion_cost and appearance > 0:
        assert cost <= place


def test_without_appearance_motion_alone_decides() -> None:
    for place in (0.0, 0.9, 1.1, 2.9):
        assert judged(place, np.nan) == place


def test_overdue_tracks_need_a_similar_appearance() -> None:
    assert judged(0.0, np.nan) == 0.0
    assert judged(0.0, np.nan, overdue=True) == np.inf
    assert judged(0.0, R.overdue + 0.01, overdue=True) <= 1
    assert judged(0.0, R.overdue - 0.01, overdue=True) == np.inf


RED, BLUE = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])


def returns_after(seconds: float, embed: Floats, metres: float = 0.3) -> bool:
    """Whether someone red, who was lost, has the same number when a newcomer comes `metres` heights away."""
    tracker = Tracker(PRESETS["keeptrack"].with_memory(0.0))
    for frame in range(30):
        tracker.update(Detections(LOST, np.array([0.8]), embeddings=RED), frame / 30)
    for time in np.arange(1.1, 1 + seconds, 0.1):
        tracker.update(Detections.empty(), time)
    place = LOST + 100 * metres * np.array([1.0, 0, 1, 0])
    for frame in range(3):
        found = tracker.update(Detections(place, np.array([0.8]), embeddings=embed), 1 + seconds + frame / 30)
    return bool(found.track_ids.tolist() == [1])


def test_a_look_is_remembered_for_longer_than_a_place() -> None:
    assert returns_after(1.0, RED)
    assert not returns_after(1.0, BLUE)  # at the same place, but somebody else
    assert returns_after(1.0, np.zeros((1, 2)))  # nothing is known but the place
    assert returns_after(5.0, RED, metres=1.5)
    assert not returns_after(5.0, BLUE)
    assert not returns_after(5.0, np.zeros((1, 2)))
    assert not returns_after(20.0, RED)


@pytest.mark.parametrize(("moved", "by"), [(30.0, "motion"), (75.0, "looks")])
def test_looks_are_the_reason_where_motion_is_not_enough(moved: float, by: str) -> None:
    tracker = Tracker()
    for step in range(80):
        boxes = LOST if step < 50 else np.empty((0, 4))
        tracker.update(Detections(boxes, np.full(len(boxes), 0.9), embeddings=np.eye(4)[: len(boxes)]), step / 30)
    there = LOST + np.array([moved, 0, moved, 0])
    tracks = tracker.update(Detections(there, np.array([0.9]), embeddings=np.eye(4)[:1]), 80 / 30)
    (back,) = tracks.returns
    assert (back.track_id, str(back.by)) == (1, by)
    assert back.similarity == pytest.approx(1.0)
