"""What counts as new in a picture."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats, Frame
from tests.tracker.motion.test_camera_estimate import RATE, STILL, Scene, motion, walkers
from tests.tracker.run.test_detection_interval import Scripted
from tracker.association.engine import Tracker
from tracker.motion.propagation import Carrier
from tracker.motion.scene_change import Novelty
from tracker.run.detection import DetectionStage
from tracker.run.detection_interval import CALM, LONGEST, AdaptiveInterval
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

NOBODY = np.empty((0, 4))


def stirs(moved: Floats, boxes: Floats, before: int | None = None, after: int | None = None, gain: float = 1.0) -> bool:
    """Whether anything is new outside the boxes; before, after: where the walkers are, None where nowhere."""
    novelty, scene = Novelty(), Scene()
    novelty.begin(Frame(scene.picture(STILL, [] if before is None else walkers(before)), 1, 0.0))
    return novelty(Frame(scene.picture(moved, [] if after is None else walkers(after), gain), 2, 0.1), boxes)


def boxes_at(index: int) -> Floats:
    return np.array([box for box, _ in walkers(index)])


def test_only_what_is_not_known_is_new() -> None:
    assert not stirs(STILL, NOBODY)
    assert not stirs(STILL, NOBODY, 0, 0)
    assert stirs(STILL, NOBODY, None, 0)
    assert stirs(STILL, NOBODY, 0, None)
    assert not stirs(STILL, boxes_at(0), None, 0)
    assert stirs(STILL, boxes_at(0)[1:], None, 0)
    assert not stirs(STILL, np.concatenate([boxes_at(0), boxes_at(6)]), 0, 6)
    assert stirs(STILL, boxes_at(0), 0, 20)


def test_a_camera_that_moves_shows_something_new_and_its_exposure_does_not() -> None:
    assert stirs(motion(x=6.0), NOBODY)
    assert not stirs(STILL, NOBODY, gain=1.04)


def test_there_is_no_telling_without_two_pictures_of_one_size() -> None:
    novelty, picture = Novelty(), Scene().picture(STILL)
    assert novelty(Frame(picture, 1, 0.0), NOBODY)
    novelty.begin(Frame(picture, 1, 0.0))
    assert not novelty(Frame(picture, 2, 0.1), NOBODY)
    assert novelty(Frame(picture[:200], 3, 0.2), NOBODY)
    assert novelty(Frame(np.empty((0, 0, 3), np.uint8), 4, 0.3), NOBODY)


def test_where_somebody_has_left_is_nothing_new() -> None:
    scene, tracker, carrier = Scene(), Tracker(), Carrier()
    detector = Scripted([Detections(boxes_at(frame)[:1], np.array([0.9])) for frame in range(60)])
    frames = [Frame(scene.picture(STILL, walkers(index)[:1]), index + 1, index / RATE) for index in range(60)]
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, carrier))
    for _ in track_frames(frames, detection, TrackingStage(tracker, propagator=carrier)):
        pass
    assert max(np.diff(detector.asked)) > LONGEST * RATE + 1


@pytest.mark.parametrize("enters", [False, True])
def test_a_calm_scene_is_looked_at_less_often_until_somebody_enters(enters: bool) -> None:
    scene, found, frames = Scene(), list[Detections](), list[Frame]()
    for index in range(50):
        things = walkers(0)[1:2] + (walkers(index - 31)[:1] if enters and index > 30 else [])
        boxes = np.array([box for box, _ in things])
        frames.append(Frame(scene.picture(STILL, things), index + 1, index / RATE))
        found.append(Detections(boxes, np.full(len(boxes), 0.9)))
    detector, tracker, carrier = Scripted(found), Tracker(), Carrier()
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, carrier))
    for _ in track_frames(frames, detection, TrackingStage(tracker, propagator=carrier)):
        pass
    asked = np.array(detector.asked)
    assert max(np.diff(asked)) == int(CALM * RATE)
    late = asked[asked > 31][0] - 32 if (asked > 31).any() else 99
    assert (late <= LONGEST * RATE) or not enters
    assert tracker.confirmed_count == 1 + enters
