"""Nobody is uncovered between detections, before the first or after the last one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from detectors.base import Detections, Frame
from tracker.association.engine import Tracker
from tracker.offline.postprocess import postprocess
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.trajectory import TrackingHistory, Trajectory
from tracker.privacy.cover import Cover
from tracker.privacy.hindsight_covers import HindsightCovers
from tracker.privacy.live_covers import KEPT, LiveCovers
from tracker.privacy.policy import Manner, Policy

BLUR = Manner("blur")
POLICY = Policy({0: BLUR})
RATE = 25
PICTURE = np.zeros((0, 0, 3), np.uint8)


def walker(frame: int, start: float = 100.0) -> np.ndarray:
    """Somebody who walks to the right, 2 pixels a frame."""
    return np.array([start + 2.0 * frame, 100, start + 40 + 2.0 * frame, 220])


def covers_it(covers: Iterable[Cover], box: np.ndarray) -> bool:
    return any((cover.box[:2] <= box[:2]).all() and (cover.box[2:] >= box[2:]).all() for cover in covers)


def found(*boxes: np.ndarray, class_id: int = 0) -> Detections:
    return Detections(np.array(boxes).reshape(-1, 4), np.full(len(boxes), 0.9), np.full(len(boxes), class_id))


def history_of(frames: Iterable[int], length: int = 100) -> tuple[TrackingHistory, Trajectory]:
    at = np.array(list(frames))
    none = np.zeros(len(at), dtype=bool)
    boxes = np.array([walker(frame) for frame in at.tolist()])
    track = Trajectory(1, 0, at, boxes, np.full(len(at), 0.9), none, none)
    times, shots = np.arange(length) / RATE, np.zeros(length, np.int64)
    return TrackingHistory(times, shots, [None] * length, [track], 0.9), track


def test_live_everybody_is_covered_from_the_first_detection_on_and_after_the_last() -> None:
    tracker, covers = Tracker(), LiveCovers(POLICY)
    for frame in range(90):
        seen = frame < 40 and frame not in (20, 21, 22)
        detections = found(walker(frame)) if seen else Detections.empty()
        tracks = tracker.update(detections, frame / RATE)
        here = covers(Frame(PICTURE, frame + 1, frame / RATE), tracks, tracker.assignments)
        assert covers_it(here, walker(frame)) == (frame / RATE <= 39 / RATE + KEPT), frame


def test_live_nobody_is_covered_after_a_cut_and_other_classes_never() -> None:
    tracker, covers = Tracker(), LiveCovers(POLICY)
    for frame in range(20):
        detections = found(walker(frame), walker(frame, 300), class_id=0 if frame < 10 else 1)
        if frame == 10:
            tracker.restart()
        tracks = tracker.update(detections, frame / RATE)
        here = covers(Frame(PICTURE, frame + 1, frame / RATE, cut=frame == 10), tracks, tracker.assignments)
        assert bool(here) == (frame < 10)


def test_live_only_some_or_all_but_some() -> None:
    for policy in (Policy({0: BLUR}, spared=frozenset({1})), Policy({0: BLUR}, only=frozenset({2}))):
        tracker, covers = Tracker(), LiveCovers(policy)
        for frame in range(20):
            tracks = tracker.update(found(walker(frame), walker(frame, 300)), frame / RATE)
            here = covers(Frame(PICTURE, frame + 1, frame / RATE), tracks, tracker.assignments)
        assert tracks.track_ids.tolist() == [1, 2]
        assert not covers_it(here, tracks.boxes[0])
        assert covers_it(here, tracks.boxes[1])


def test_in_hindsight_gaps_and_ends_are_covered() -> None:
    history, track = history_of([*range(40, 50), *range(90, 95)], length=150)
    covers = HindsightCovers(POLICY, history, [track])
    covered = [frame for frame in range(150) if covers_it(covers(frame), walker(frame))]
    assert covered == list(range(15, 120)), "a second to both sides, and the gap of 1.6 seconds"


def test_in_hindsight_a_long_gap_is_covered_from_both_sides_and_a_cut_ends_it() -> None:
    history, track = history_of([*range(40, 50), *range(200, 205)], length=300)
    covers = HindsightCovers(POLICY, history, [track])
    covered = {frame for frame in range(300) if covers_it(covers(frame), walker(frame))}
    assert covered == {*range(15, 75), *range(175, 230)}
    history, track = history_of(range(40, 45))
    history.shots[45:] = 1
    covers = HindsightCovers(POLICY, history, [track])
    assert [bool(list(covers(frame))) for frame in (44, 45)] == [True, False]


def test_in_hindsight_what_was_left_out_is_covered_unless_it_shows_who_is_spared() -> None:
    history, track = history_of(range(10))
    assert covers_it(HindsightCovers(POLICY, history, [])(5), walker(5))
    spare = Policy({0: BLUR}, spared=frozenset({1}))
    assert not list(HindsightCovers(spare, history, [track])(5))
    assert covers_it(HindsightCovers(spare, history, [])(5), walker(5)), "nobody is number 1 any more"
    assert not list(HindsightCovers(Policy({0: BLUR}, only=frozenset({2})), history, [])(5))


def test_a_whole_offline_run_covers_all_tracks_in_all_frames() -> None:
    tracker = RecordingTracker()
    random = np.random.default_rng(0)
    for frame in range(120):
        seen = [walker(frame, 60.0 + 150 * who) for who in range(3) if random.random() < 0.7]
        tracker.update(found(*seen), frame / RATE)
    history = tracker.finish()
    covers = HindsightCovers(POLICY, history, postprocess(history))
    for frame in range(120):
        for who in range(3):
            assert covers_it(covers(frame), walker(frame, 60.0 + 150 * who) + np.array([4, 4, -4, -4])), (frame, who)
