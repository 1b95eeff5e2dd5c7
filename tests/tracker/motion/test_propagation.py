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
from tracker.association.tracks import CONFIRMED
from tracker.motion import downscaling
from tracker.motion.camera_estimate import EstimatedCameraMotion
from tracker.motion.displacements import Displacements
from tracker.motion.downscaling import CachedDownscaler, SmallFrame, downscale
from tracker.motion.propagation import (
    MAX_RESIDUAL,
    MIN_POINTS,
    MIN_SHARE,
    Propagator,
    median_displacements,
    points_in_boxes,
)

NOBODY = np.empty((0, 4))
STILL = np.eye(2, 3)


def boxes_of(things: Sequence[Thing]) -> Floats:
    return np.array([box for box, _ in things])


def follow(pictures: Sequence[tuple[Floats, list[Thing]]], scene: Scene | None = None) -> list[Displacements | None]:
    """What is seen to move from each picture to the next, of the things in the former."""
    scene, propagator, found, before = scene or Scene(), Propagator(), list[Displacements | None](), NOBODY
    for index, (moved, things) in enumerate(pictures):
        found.append(propagator(Frame(scene.picture(moved, things), index + 1, index / RATE), before))
        before = boxes_of(things)
    return found[1:]


def offsets(displacements: Displacements | None) -> Floats:
    """Those of a picture in which all are sure."""
    assert displacements is not None
    assert displacements.reliable.all()
    return displacements.offsets


@pytest.mark.parametrize("pan", [0.0, 6.0, -15.0])
def test_boxes_are_found_where_they_have_gone_while_the_camera_moves_too(pan: float) -> None:
    shown = [(motion(x=pan), walkers(frame)) for frame in range(8)]
    for frame, displacements in enumerate(follow(shown), start=1):
        true = boxes_of(walkers(frame)) - boxes_of(walkers(frame - 1))
        np.testing.assert_allclose(offsets(displacements), true[:, :2], atol=0.4)


def test_what_is_behind_does_not_move_with_what_is_in_front() -> None:
    def things(frame: int) -> list[Thing]:
        behind = np.array([200.0 - 3 * frame, 60, 300 - 3 * frame, 240])
        front = np.array([252.0 + 5 * frame, 90, 342 + 5 * frame, 280])
        return [(behind, LOOKS[0]), (front, LOOKS[1])]

    (displacements,) = follow([(STILL, things(frame)) for frame in range(2)])
    assert displacements is not None
    assert displacements.reliable.all()
    np.testing.assert_allclose(displacements.offsets, [[-3, 0], [5, 0]], atol=0.5)


def test_what_cannot_be_followed_is_not_reliable() -> None:
    gone, flat, there = (np.array([x, 60.0, x + 80, 240]) for x in (40, 240, 440))
    step = np.array([4.0, 0.0, 4.0, 0.0])
    grey = np.full((200, 100), 128, np.uint8)
    scene = Scene(noise=0.5)
    before = [(gone, LOOKS[0]), (flat, grey), (there, LOOKS[2])]
    after = [(gone, LOOKS[1]), (flat + step, grey), (there + step, LOOKS[2])]
    (displacements,) = follow([(STILL, before), (STILL, after)], scene)
    assert displacements is not None
    assert displacements.reliable.tolist() == [False, False, True]


def test_nothing_is_measured_without_two_pictures_of_one_shot() -> None:
    propagator, scene, boxes = Propagator(), Scene(), boxes_of(walkers(0))
    picture = scene.picture(STILL, walkers(0))
    assert propagator(Frame(picture, 1, 0.0), boxes) is None
    assert propagator(Frame(picture, 2, 0.1), boxes) is not None
    assert propagator(Frame(picture, 3, 0.2, cut=True), boxes) is None
    assert propagator(Frame(picture[:, : WIDTH // 2], 4, 0.3), boxes) is None
    assert propagator(Frame(np.empty((0, 0, 3), np.uint8), 5, 0.4), boxes) is None
    assert propagator(Frame(picture, 6, 0.5), boxes) is None
    assert propagator(Frame(picture, 7, 0.6), NOBODY) is None


def test_the_same_frame_again_is_answered_from_memory() -> None:
    propagator, scene, boxes = Propagator(), Scene(), boxes_of(walkers(0))
    propagator(Frame(scene.picture(STILL, walkers(0)), 1, 0.0), NOBODY)
    frame = Frame(scene.picture(STILL, walkers(1)), 2, 0.04)
    assert propagator(frame, boxes) is propagator(frame, boxes) is not None


def test_one_small_picture_serves_the_camera_and_the_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[int]()

    def counted(frame: Frame, boxes: Floats) -> SmallFrame | None:
        calls.append(frame.index)
        return downscale(frame, boxes)

    monkeypatch.setattr(downscaling, "downscale", counted)
    once, scene, apart = CachedDownscaler(), Scene(), (EstimatedCameraMotion(downscale), Propagator(downscale))
    together = EstimatedCameraMotion(once), Propagator(once)
    for index in range(1, 6):
        things = walkers(index)
        frame, boxes = Frame(scene.picture(motion(x=5.0), things), index, index / RATE), boxes_of(things)
        moved, displacements = together[0](frame, boxes), together[1](frame, boxes)
        moved_apart, displacements_apart = apart[0](frame, boxes), apart[1](frame, boxes)
        if index == 1:
            continue
        assert moved is not None
        assert moved_apart is not None
        assert displacements is not None
        assert displacements_apart is not None
        np.testing.assert_array_equal(moved, moved_apart)
        np.testing.assert_array_equal(displacements.offsets, displacements_apart.offsets)
    assert calls == [1, 2, 3, 4, 5]


numbers = st.floats(-1e4, 1e4)
SMALL = SmallFrame(texture(0, 320, 180), NOBODY, np.ones(2), 0.0)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=6))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_points_lie_in_the_picture_inside_their_own_box_and_in_no_box_in_front(corners: list[Sequence[float]]) -> None:
    a = np.array(corners).reshape(-1, 4)
    boxes = np.concatenate([np.minimum(a[:, :2], a[:, 2:]), np.maximum(a[:, :2], a[:, 2:])], axis=1)
    points, owners = points_in_boxes(SMALL, boxes)
    height, width = SMALL.grey.shape
    assert (np.diff(owners) >= 0).all()
    for point, owner in zip(points, owners, strict=True):
        assert (point >= 0).all()
        assert (point < [width, height]).all()
        inside = np.all((boxes[:, :2] <= point) & (point <= boxes[:, 2:]), axis=1)
        assert inside.take(owner)
        assert boxes[inside, 3].max() == boxes[owner, 3]


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_the_displacement_of_a_box_is_the_median_of_its_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    owners = np.sort(rng.integers(0, count, rng.integers(0, 40)))
    ways, reliable = rng.normal(0, 1, (len(owners), 2)), rng.random(len(owners)) < 0.8
    middle, agreed = median_displacements(ways, reliable, owners, count)
    for box in range(count):
        mine = ways[reliable & (owners == box)]
        expected = np.median(mine, axis=0) if len(mine) else np.zeros(2)
        np.testing.assert_allclose(middle[box], expected)
        close = (np.abs(mine - expected).max(axis=1, initial=0) <= MAX_RESIDUAL).sum()
        assert agreed[box] == (close >= MIN_POINTS and close >= MIN_SHARE * (owners == box).sum())


def tracker_with(boxes: Floats) -> Tracker:
    tracker = Tracker()
    for index in range(3):
        tracker.update(Detections(boxes, np.full(len(boxes), 0.9)), index / RATE)
    return tracker


BOXES = np.array([[100.0, 50, 140, 150], [300, 80, 350, 200]])


def test_a_propagated_frame_changes_nothing_but_positions() -> None:
    tracker = tracker_with(BOXES)
    before = tracker.assignments
    displacements = Displacements(np.array([[4.0, -1.0], [99.0, 99.0]]), np.array([True, False]), np.full(2, 0.5))
    tracks = tracker.propagate(3 / RATE, None, displacements)
    assert tracks.carried.all()
    assert tracks.track_ids.tolist() == before.track_ids.tolist() == [1, 2]
    np.testing.assert_allclose(tracks.boxes[0], BOXES[0] + [4, -1, 4, -1], atol=1)  # a jerk, to the filter
    np.testing.assert_allclose(tracker.assignments.boxes[0], BOXES[0] + [4, -1, 4, -1])
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
    displacements = Displacements(np.tile([12.0, -5.0], (2, 1)), np.array([True, True]), np.full(2, 0.5))
    tracks = tracker.propagate(None, pan, displacements)
    np.testing.assert_allclose(tracks.boxes, BOXES + np.array([12, -5, 12, -5]))
    np.testing.assert_allclose(tracker._table.filter.velocity, 0.0, atol=1e-6)  # it was the camera


def test_a_track_that_was_missed_is_not_shown_until_it_is_seen_again() -> None:
    tracker = tracker_with(BOXES)
    tracker.update(Detections(BOXES[:1], np.full(1, 0.9)), 3 / RATE)
    assert tracker.seconds_lost.tolist() == [pytest.approx(1 / RATE)]
    assert tracker.propagate(4 / RATE).track_ids.tolist() == [1]
    assert tracker.seconds_lost.tolist() == [pytest.approx(1 / RATE)]
    assert tracker.update(Detections(BOXES, np.full(2, 0.9)), 5 / RATE).track_ids.tolist() == [1, 2]
    assert not len(tracker.seconds_lost)


def test_a_propagated_frame_with_bad_arguments_is_refused_and_leaves_the_tracker_alone() -> None:
    tracker = tracker_with(BOXES)
    for time, camera in ((2 / RATE, None), (float("nan"), None), (1.0, np.eye(3)), (1.0, np.full((2, 3), np.nan))):
        with pytest.raises(ValueError, match=r"not later|not a number|not a finite matrix"):
            tracker.propagate(time, camera)
    np.testing.assert_array_equal(tracker.assignments.boxes, BOXES)
    assert len(Tracker().propagate(0.0)) == 0


def test_uncertainty_grows_where_nothing_is_seen() -> None:
    tracker = tracker_with(BOXES)
    displacements = Displacements(np.zeros((2, 2)), np.array([True, False]), np.full(2, 0.5))
    fresh = tracker.position_uncertainty(1 / RATE, displacements)
    assert fresh[0] < fresh[1] == pytest.approx(tracker.position_uncertainty(1 / RATE)[1])
    for frame in range(3, 6):
        tracker.propagate(frame / RATE, None, displacements)
    later = tracker.position_uncertainty(1 / RATE, displacements)
    assert later[0] < fresh[1] < later[1]


def test_a_propagated_box_is_the_filters() -> None:
    tracker, rng = Tracker(), np.random.default_rng(0)
    for index in range(30):
        shaken = BOXES + rng.normal(0, 3, BOXES.shape)
        tracker.update(Detections(shaken, np.full(2, 0.9)), index / RATE)
    standing = Displacements(np.zeros((2, 2)), np.array([True, True]), np.full(2, 0.5))
    tracks = tracker.propagate(30 / RATE, None, standing)
    assert np.abs(tracks.boxes - BOXES).mean() < np.abs(shaken - BOXES).mean()
    np.testing.assert_array_equal(tracker.assignments.boxes, shaken)


@pytest.mark.parametrize("carried", [0, 4])
def test_boxes_grow_by_the_time_since_the_last_detection(carried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[float]()
    tracker = tracker_with(BOXES)

    def watched(*arguments: Any) -> Pairs:
        seen.append(arguments[-1])
        return similarity(*arguments)

    monkeypatch.setattr(cue_association, "similarity", watched)
    for index in range(carried):
        tracker.propagate((3 + index) / RATE)
    tracker.update(Detections(BOXES, np.full(2, 0.9)), (3 + carried) / RATE)
    assert seen == [pytest.approx((1 + carried) / RATE)]
