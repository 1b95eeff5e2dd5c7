"""Nothing that is seen goes unreported, at any frame rate: fast objects, weak and shifted detections, short visits."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats
from tracker.association.engine import Tracker

SIZE = np.array([40.0, 80.0])


def boxes_at(*centres: tuple[float, float], size: Floats = SIZE) -> Floats:
    centre = np.array(centres, dtype=float).reshape(-1, 2)
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def found(boxes: Floats, scores: float | list[float] = 0.9) -> Detections:
    return Detections(boxes, np.broadcast_to(np.asarray(scores, dtype=float), len(boxes)).copy())


@pytest.mark.parametrize(
    ("rate", "widths"), [(240, 0.1), (25, 1.1), (5, 1.1), (5, 1.5), (1, 1.5), (1, 3.0), (0.2, 0.0), (0.2, 4.0)]
)
def test_an_object_that_moves_its_own_width_between_frames_is_one(rate: float, widths: float) -> None:
    tracker = Tracker(frame_rate=rate)
    ids = [tracker.update(found(boxes_at((widths * 40 * step, 100)))).track_ids.tolist() for step in range(40)]
    assert ids == [[1]] * 40


def test_two_fast_objects_keep_their_numbers() -> None:
    tracker = Tracker(frame_rate=1)
    for step in range(15):
        tracks = tracker.update(found(boxes_at((60 * step, 100), (60 * step, 400))))
        assert tracks.track_ids.tolist() == [1, 2]
        assert tracks.boxes[:, 3].tolist() == [140, 440]


@pytest.mark.parametrize("weak_from", [1, 9])
def test_a_car_that_drives_away_keeps_its_number_through_weak_and_shifted_detections(weak_from: int) -> None:
    rng, tracker = np.random.default_rng(0), Tracker(frame_rate=15)
    strong = boxes_at((400, 300))  # another one, whose scores say what this detector calls sure
    for step in range(36):
        size = np.array([44.0, 38.0]) * 0.97**step
        centre = (165 + 1.4 * step, 200 - 110 * (1 - 0.95**step) + rng.normal(0, 0.06) * size[1])
        weak = step > 15 and step % 10 >= weak_from
        both = np.concatenate([boxes_at(centre, size=size), strong])
        tracks = tracker.update(found(both, [0.25 if weak and step % 3 else 0.6, 0.9]))
        assert tracks.track_ids.tolist() == [1, 2], step


@pytest.mark.parametrize(("rate", "reported"), [(30, 0), (10, 1), (1, 1)])
def test_what_comes_in_is_reported_at_once_where_frames_are_far_apart(rate: float, reported: int) -> None:
    tracker = Tracker(frame_rate=rate)
    tracker.update(found(boxes_at((0, 100))))
    assert len(tracker.update(found(boxes_at((400, 100))))) == reported


@pytest.mark.parametrize(("rate", "reported"), [(30, 1), (2, 2)])
def test_somebody_behind_another_counts_where_frames_are_far_apart(rate: float, reported: int) -> None:
    tracker = Tracker(frame_rate=rate)
    for _ in range(4):
        tracks = tracker.update(found(boxes_at((100, 100))))
    for _ in range(2):
        tracks = tracker.update(found(boxes_at((100, 100), (112, 100)), [0.9, 0.85]))
    assert len(tracks) == reported


@pytest.mark.parametrize(("rate", "confirmed"), [(30, 1), (240, 2)])
def test_a_new_object_may_be_missed_for_some_frames_at_a_high_rate(rate: float, confirmed: int) -> None:
    tracker = Tracker(frame_rate=rate)
    for boxes in ([(0, 0)], [(0, 0), (300, 0)], [(0, 0)], [(0, 0), (300, 0)]):
        tracker.update(found(boxes_at(*boxes)))
    assert tracker.confirmed_count == confirmed


def test_a_lost_track_does_not_take_what_another_might_be() -> None:
    """Two places for it, or two tracks for one place: only what is nobody else's is reached for."""
    tracker = Tracker()
    for step in range(12):
        tracker.update(found(boxes_at((4 * step, 100))))
    for _ in range(4):
        tracker.update(Detections.empty())
    ids = tracker.update(found(boxes_at((130, 60), (132, 150)))).track_ids
    assert 1 not in ids


RED, BLUE, UNKNOWN = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.zeros((1, 2))


@pytest.mark.parametrize(("then", "number"), [(RED, 1), (BLUE, 2), (UNKNOWN, 1)])
def test_what_looks_different_is_no_distant_match(then: Floats, number: int) -> None:
    tracker, score = Tracker(frame_rate=1), np.array([0.9])
    for step in range(4):
        tracker.update(Detections(boxes_at((20 * step, 100)), score, embeddings=RED))
    tracks = tracker.update(Detections(boxes_at((140, 100)), score, embeddings=then))
    assert tracks.track_ids.tolist() == [number]
