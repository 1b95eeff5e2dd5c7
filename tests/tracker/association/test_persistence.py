"""Somebody who stands behind somebody else is a person; a second box on one person is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from detectors.base import Detections
from tracker.association.engine import Tracker
from tracker.association.persistence import PersistentDetections

FRONT = [100.0, 100.0, 160.0, 250.0]
BEHIND = [118.0, 95.0, 174.0, 240.0]  # IoU 0.52


def names(shows: Callable[[int], bool], rate: float = 30, second: list[float] = BEHIND, **columns: int) -> list[int]:
    """How many objects are reported in each of 40 frames: one in front, and a second box in frames that `shows` it."""
    tracker, counts = Tracker(frame_rate=rate), []
    for frame in range(40):
        boxes = [FRONT, second] if frame and shows(frame) else [FRONT]
        class_ids = np.array([0, columns.get("class_id", 0)])[: len(boxes)]
        tracks = tracker.update(Detections(np.array(boxes), np.array([0.9, 0.8])[: len(boxes)], class_ids))
        assert tracks.track_ids[0] == 1
        counts.append(len(tracks))
    return counts


@pytest.mark.parametrize(("rate", "last_single"), [(60, 19), (30, 10), (20, 7)])
def test_somebody_behind_another_is_reported_after_a_third_of_a_second(rate: float, last_single: int) -> None:
    assert names(lambda frame: True, rate) == [1] * (last_single + 1) + [2] * (39 - last_single)


def test_a_second_box_that_comes_and_goes_is_no_object() -> None:
    assert names(lambda frame: frame % 8 < 4) == [1] * 40


def test_at_a_high_frame_rate_somebody_behind_may_be_missed_in_a_frame() -> None:
    tracker, box = PersistentDetections(0.1), np.array([BEHIND])
    found = [tracker.update(box, frame / 240, 1 / 240).tolist() for frame in range(40) if frame % 7]
    assert (found[0], found[-1]) == ([False], [True])


@pytest.mark.parametrize(
    ("second", "class_id"),
    [([104.0, 102.0, 162.0, 250.0], 0), ([110.0, 100.0, 166.0, 246.0], 1)],
    ids=["as no detector's non-maximum suppression lets stand", "a second opinion about its class"],
)
def test_what_is_surely_the_same_object_stays_a_double(second: list[float], class_id: int) -> None:
    assert names(lambda frame: True, second=second, class_id=class_id) == [1] * 40


def test_persistence_is_a_matter_of_time_and_place() -> None:
    persistent = PersistentDetections(0.3)
    still, moving = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([[50.0, 0.0, 60.0, 10.0]])
    found = [
        persistent.update(np.concatenate([still, moving + 8 * step]), 0.1 * step, 0.1).tolist() for step in range(5)
    ]
    assert found == [[False, False]] * 3 + [[True, False]] * 2
    assert persistent.update(np.empty((0, 4)), 0.5, 0.1).tolist() == []
    assert persistent.update(still, 0.6, 0.1).tolist() == [False], "a frame without it"
    assert persistent.update(still, 1.0, 0.1).tolist() == [False], "nothing was told of the frames between"
    assert len(persistent) == 1


def test_two_sightings_far_apart_in_time_are_too_few() -> None:
    persistent, box = PersistentDetections(0.05), np.array([[0.0, 0.0, 10.0, 10.0]])
    assert [persistent.update(box, 0.2 * step, 0.2).tolist() for step in range(3)] == [[False], [False], [True]]
