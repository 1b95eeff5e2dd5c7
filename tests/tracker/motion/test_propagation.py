"""Boxes followed from picture to picture, against scenes whose motion is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Frame
from tests.tracker.motion.test_camera_estimate import LOOKS, RATE, WIDTH, Scene, Thing, motion, texture, walkers
from tracker.association import cue_association
from tracker.association.cues import similarity
from tracker.association.engine import Tracker
from tracker.association.matching import Pairs
from tracker.association.tracks import CONFIRMED, Shifts
from tracker.motion import camera_estimate
from tracker.motion.camera_estimate import EstimatedCameraMotion, LookOnce, View, look_at
from tracker.motion.propagation import AGREE, FEWEST, SHARE, Carrier, agreed_ways, inner_points

NOBODY = np.empty((0, 4))
STILL = np.eye(2, 3)


def boxes_of(things: Sequence[Thing]) -> Floats:
    return np.array([box for box, _ in things])


def follow(pictures: Sequence[tuple[Floats, list[Thing]]], scene: Scene | None = None) -> list[Shifts | None]:
    """What is seen to move from each picture to the next, of the things in the former."""
    scene, carrier, found, before = scene or Scene(), Carrier(), list[Shifts | None](), NOBODY
    for index, (moved, things) in enumerate(pictures):
        found.append(carrier(Frame(scene.picture(moved, things), index + 1, index / RATE), before))
        before = boxes_of(things)
    return found[1:]


def offsets(shifts: Shifts | None) -> Floats:
    """Those of a picture in which all are sure."""
    assert shifts is not None
    assert shifts.sure.all()
    return shifts.offsets


@pytest.mark.parametrize("pan", [0.0, 6.0, -15.0])
def test_boxes_are_found_where_they_have_gone_while_the_camera_moves_too(pan: float) -> None:
    shown = [(motion(x=pan), walkers(frame)) for frame in range(8)]
    for frame, shifts in enumerate(follow(shown), start=1):
        true = boxes_of(walkers(frame)) - boxes_of(walkers(frame - 1))
        np.testing.assert_allclose(offsets(shifts), true[:, :2], atol=0.4)


def test_what_is_behind_does_not_move_with_what_is_in_front() -> None:
    def things(frame: int) -> list[Thing]:
        behind = np.array([200.0 - 3 * frame, 60, 300 - 3 * frame, 240])
        front = np.array([252.0 + 5 * frame, 90, 342 + 5 * frame, 280])
        return [(behind, LOOKS[0]), (front, LOOKS[1])]

    (shifts,) = follow([(STILL, things(frame)) for frame in range(2)])
    assert shifts is not None
    assert shifts.sure.all()
    np.testing.assert_allclose(shifts.offsets, [[-3, 0], [5, 0]], atol=0.5)


def test_what_cannot_be_followed_is_not_sure() -> None:
    gone, flat, there = (np.array([x, 60.0, x + 80, 240]) for x in (40, 240, 440))
    step = np.array([4.0, 0.0, 4.0, 0.0])
    grey = np.full((200, 100), 128, np.uint8)
    scene = Scene(noise=0.5)
    before = [(gone, LOOKS[0]), (flat, grey), (there, LOOKS[2])]
    after = [(gone, LOOKS[1]), (flat + step, grey), (there + step, LOOKS[2])]
    (shifts,) = follow([(STILL, before), (STILL, after)], scene)
    assert shifts is not None
    assert shifts.sure.tolist() == [False, False, True]


def test_there_is_no_telling_without_two_pictures_of_one_shot() -> None:
    carrier, scene, boxes = Carrier(), Scene(), boxes_of(walkers(0))
    picture = scene.picture(STILL, walkers(0))
    assert carrier(Frame(picture, 1, 0.0), boxes) is None
    assert carrier(Frame(picture, 2, 0.1), boxes) is not None
    assert carrier(Frame(picture, 3, 0.2, cut=True), boxes) is None
    assert carrier(Frame(picture[:, : WIDTH // 2], 4, 0.3), boxes) is None
    assert carrier(Frame(np.empty((0, 0, 3), np.uint8), 5, 0.4), boxes) is None
    assert carrier(Frame(picture, 6, 0.5), boxes) is None
    assert carrier(Frame(picture, 7, 0.6), NOBODY) is None


def test_the_same_frame_again_is_answered_from_memory() -> None:
    carrier, scene, boxes = Carrier(), Scene(), boxes_of(walkers(0))
    carrier(Frame(scene.picture(STILL, walkers(0)), 1, 0.0), NOBODY)
    frame = Frame(scene.picture(STILL, walkers(1)), 2, 0.04)
    assert carrier(frame, boxes) is carrier(frame, boxes) is not None


def test_one_look_serves_the_camera_and_the_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[int]()

    def look(frame: Frame, boxes: Floats) -> View | None:
        looked.append(frame.index)
        return look_at(frame, boxes)

    monkeypatch.setattr(camera_estimate, "look_at", look)
    once, scene, apart = LookOnce(), Scene(), (EstimatedCameraMotion(look_at), Carrier(look_at))
    together = EstimatedCameraMotion(once), Carrier(once)
    for index in range(1, 6):
        things = walkers(index)
        frame, boxes = Frame(scene.picture(motion(x=5.0), things), index, index / RATE), boxes_of(things)
        moved, shifts = together[0](frame, boxes), together[1](frame, boxes)
        moved_apart, shifts_apart = apart[0](frame, boxes), apart[1](frame, boxes)
        if index == 1:
            continue
        assert moved is not None
        assert moved_apart is not None
        assert shifts is not None
        assert shifts_apart is not None
        np.testing.assert_array_equal(moved, moved_apart)
        np.testing.assert_array_equal(shifts.offsets, shifts_apart.offsets)
    assert looked == [1, 2, 3, 4, 5]


numbers = st.floats(-1e4, 1e4)
VIEW = View(texture(0, 320, 180), NOBODY, np.ones(2), 0.0)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=6))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_points_lie_in_the_picture_inside_their_own_box_and_in_no_box_in_front(corners: list[Sequence[float]]) -> None:
    a = np.array(corners).reshape(-1, 4)
    boxes = np.concatenate([np.minimum(a[:, :2], a[:, 2:]), np.maximum(a[:, :2], a[:, 2:])], axis=1)
    points, owners = inner_points(VIEW, boxes)
    height, width = VIEW.grey.shape
    assert (np.diff(owners) >= 0).all()
    for point, owner in zip(points, owners, strict=True):
        assert (point >= 0).all()
        assert (point < [width, height]).all()
        inside = np.all((boxes[:, :2] <= point) & (point <= boxes[:, 2:]), axis=1)
        assert inside.take(owner)
        assert boxes[inside, 3].max() == boxes[owner, 3]


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_the_way_of_a_box_is_the_median_of_its_sure_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    owners = np.sort(rng.integers(0, count, rng.integers(0, 40)))
    ways, sure = rng.normal(0, 1, (len(owners), 2)), rng.random(len(owners)) < 0.8
    middle, agreed = agreed_ways(ways, sure, owners, count)
    for box in range(count):
        mine = ways[sure & (owners == box)]
        expected = np.median(mine, axis=0) if len(mine) else np.zeros(2)
        np.testing.assert_allclose(middle[box], expected)
        close = (np.abs(mine - expected).max(axis=1, initial=0) <= AGREE).sum()
        assert agreed[box] == (close >= FEWEST and close >= SHARE * (owners == box).sum())


def tracker_with(boxes: Floats) -> Tracker:
    tracker = Tracker()
    for index in range(3):
        tracker.update(Detections(boxes, np.full(len(boxes), 0.9)), index / RATE)
    return tracker


BOXES = np.array([[100.0, 50, 140, 150], [300, 80, 350, 200]])


def test_a_carried_frame_changes_nothing_but_places() -> None:
    tracker = tracker_with(BOXES)
    before = tracker.taken
    shifts = Shifts(np.array([[4.0, -1.0], [99.0, 99.0]]), np.array([True, False]), np.full(2, 0.5))
    tracks = tracker.carry(3 / RATE, None, shifts)
    assert tracks.carried.all()
    assert tracks.track_ids.tolist() == before.track_ids.tolist() == [1, 2]
    np.testing.assert_allclose(tracks.boxes[0], BOXES[0] + [4, -1, 4, -1], atol=1)  # a jerk, to the filter
    np.testing.assert_allclose(tracker.taken.boxes[0], BOXES[0] + [4, -1, 4, -1])
    np.testing.assert_allclose(tracks.boxes[1], BOXES[1], atol=1e-6)  # the filter has seen it stand still
    np.testing.assert_allclose(tracks.time_since_update, 1 / RATE)
    assert (tracker._table.state == CONFIRMED).all()
    assert not tracker._table.missed.any()
    after = tracker.update(Detections(tracks.boxes, np.full(2, 0.9)), 4 / RATE)
    assert after.track_ids.tolist() == [1, 2]
    assert not after.carried.any()
    assert (after.time_since_update == 0).all()


def test_what_the_camera_moves_is_not_counted_twice() -> None:
    tracker, pan = tracker_with(BOXES), np.array([[1.0, 0, 12], [0, 1, -5]])
    shifts = Shifts(np.tile([12.0, -5.0], (2, 1)), np.array([True, True]), np.full(2, 0.5))
    tracks = tracker.carry(None, pan, shifts)
    np.testing.assert_allclose(tracks.boxes, BOXES + np.array([12, -5, 12, -5]))
    np.testing.assert_allclose(tracker._table.filter.rate, 0.0, atol=1e-6)  # it was the camera


def test_a_track_that_was_missed_is_not_shown_until_it_is_seen_again() -> None:
    tracker = tracker_with(BOXES)
    tracker.update(Detections(BOXES[:1], np.full(1, 0.9)), 3 / RATE)
    assert tracker.lost_for.tolist() == [pytest.approx(1 / RATE)]
    assert tracker.carry(4 / RATE).track_ids.tolist() == [1]
    assert tracker.lost_for.tolist() == [pytest.approx(1 / RATE)]
    assert tracker.update(Detections(BOXES, np.full(2, 0.9)), 5 / RATE).track_ids.tolist() == [1, 2]
    assert not len(tracker.lost_for)


def test_a_frame_carried_in_vain_is_refused_and_leaves_the_tracker_alone() -> None:
    tracker = tracker_with(BOXES)
    for time, camera in ((2 / RATE, None), (float("nan"), None), (1.0, np.eye(3)), (1.0, np.full((2, 3), np.nan))):
        with pytest.raises(ValueError, match=r"not later|not a number|not a finite matrix"):
            tracker.carry(time, camera)
    np.testing.assert_array_equal(tracker.taken.boxes, BOXES)
    assert len(Tracker().carry(0.0)) == 0


def test_doubts_grow_where_nothing_is_seen() -> None:
    tracker = tracker_with(BOXES)
    shifts = Shifts(np.zeros((2, 2)), np.array([True, False]), np.full(2, 0.5))
    fresh = tracker.doubts(1 / RATE, shifts)
    assert fresh[0] < fresh[1] == pytest.approx(tracker.doubts(1 / RATE)[1])
    for frame in range(3, 6):
        tracker.carry(frame / RATE, None, shifts)
    later = tracker.doubts(1 / RATE, shifts)
    assert later[0] < fresh[1] < later[1]


def test_a_carried_box_is_the_filters() -> None:
    tracker, rng = Tracker(), np.random.default_rng(0)
    for index in range(30):
        shaken = BOXES + rng.normal(0, 3, BOXES.shape)
        tracker.update(Detections(shaken, np.full(2, 0.9)), index / RATE)
    standing = Shifts(np.zeros((2, 2)), np.array([True, True]), np.full(2, 0.5))
    tracks = tracker.carry(30 / RATE, None, standing)
    assert np.abs(tracks.boxes - BOXES).mean() < np.abs(shaken - BOXES).mean()
    np.testing.assert_array_equal(tracker.taken.boxes, shaken)


@pytest.mark.parametrize("carried", [0, 4])
def test_boxes_grow_by_the_time_since_the_last_look(carried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[float]()
    tracker = tracker_with(BOXES)

    def watched(*arguments: Any) -> Pairs:
        seen.append(arguments[-1])
        return similarity(*arguments)

    monkeypatch.setattr(cue_association, "similarity", watched)
    for index in range(carried):
        tracker.carry((3 + index) / RATE)
    tracker.update(Detections(BOXES, np.full(2, 0.9)), (3 + carried) / RATE)
    assert seen == [pytest.approx((1 + carried) / RATE)]
