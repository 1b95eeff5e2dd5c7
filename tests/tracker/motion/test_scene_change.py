"""What counts as a change of the scene."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats, Frame
from tests.tracker.motion.test_camera_estimate import RATE, STILL, Scene, motion, walkers
from tests.tracker.run.test_detection_interval import Scripted
from tracker.association.engine import Tracker
from tracker.motion.propagation import Propagator
from tracker.motion.scene_change import SceneChangeDetector
from tracker.run.detection import DetectionStage
from tracker.run.detection_interval import CALM, LONGEST, AdaptiveInterval
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

NOBODY = np.empty((0, 4))


def changes(
    moved: Floats, boxes: Floats, before: int | None = None, after: int | None = None, gain: float = 1.0
) -> bool:
    """Whether anything is new outside the boxes; before, after: where the walkers are, None where nowhere."""
    changed, scene = SceneChangeDetector(), Scene()
    changed.set_reference(Frame(scene.picture(STILL, [] if before is None else walkers(before)), 1, 0.0))
    return changed(Frame(scene.picture(moved, [] if after is None else walkers(after), gain), 2, 0.1), boxes)


def boxes_at(index: int) -> Floats:
    return np.array([box for box, _ in walkers(index)])


def test_only_changes_outside_known_boxes_count() -> None:
    assert not changes(STILL, NOBODY)
    assert not changes(STILL, NOBODY, 0, 0)
    assert changes(STILL, NOBODY, None, 0)
    assert changes(STILL, NOBODY, 0, None)
    assert not changes(STILL, boxes_at(0), None, 0)
    assert changes(STILL, boxes_at(0)[1:], None, 0)
    assert not changes(STILL, np.concatenate([boxes_at(0), boxes_at(6)]), 0, 6)
    assert changes(STILL, boxes_at(0), 0, 20)


def test_a_camera_that_moves_shows_something_new_and_its_exposure_does_not() -> None:
    assert changes(motion(x=6.0), NOBODY)
    assert not changes(STILL, NOBODY, gain=1.04)


def test_without_two_pictures_of_one_size_everything_counts_as_changed() -> None:
    changed, picture = SceneChangeDetector(), Scene().picture(STILL)
    assert changed(Frame(picture, 1, 0.0), NOBODY)
    changed.set_reference(Frame(picture, 1, 0.0))
    assert not changed(Frame(picture, 2, 0.1), NOBODY)
    assert changed(Frame(picture[:200], 3, 0.2), NOBODY)
    assert changed(Frame(np.empty((0, 0, 3), np.uint8), 4, 0.3), NOBODY)


def test_where_an_object_has_left_is_no_change() -> None:
    scene, tracker, propagator = Scene(), Tracker(), Propagator()
    detector = Scripted([Detections(boxes_at(frame)[:1], np.array([0.9])) for frame in range(60)])
    frames = [Frame(scene.picture(STILL, walkers(index)[:1]), index + 1, index / RATE) for index in range(60)]
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, propagator))
    for _ in track_frames(frames, detection, TrackingStage(tracker, propagator=propagator)):
        pass
    assert max(np.diff(detector.asked)) > LONGEST * RATE + 1


@pytest.mark.parametrize("enters", [False, True])
def test_a_calm_scene_is_detected_in_less_often_until_somebody_enters(enters: bool) -> None:
    scene, found, frames = Scene(), list[Detections](), list[Frame]()
    for index in range(50):
        things = walkers(0)[1:2] + (walkers(index - 31)[:1] if enters and index > 30 else [])
        boxes = np.array([box for box, _ in things])
        frames.append(Frame(scene.picture(STILL, things), index + 1, index / RATE))
        found.append(Detections(boxes, np.full(len(boxes), 0.9)))
    detector, tracker, propagator = Scripted(found), Tracker(), Propagator()
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, propagator))
    for _ in track_frames(frames, detection, TrackingStage(tracker, propagator=propagator)):
        pass
    asked = np.array(detector.asked)
    assert max(np.diff(asked)) == int(CALM * RATE)
    late = asked[asked > 31][0] - 32 if (asked > 31).any() else 99
    assert (late <= LONGEST * RATE) or not enters
    assert tracker.confirmed_count == 1 + enters
