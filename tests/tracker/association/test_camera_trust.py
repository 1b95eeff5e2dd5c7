"""Camera motion that does not fit the detections is left out, and comes back when it does."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats
from tracker.association.camera_trust import CameraTrust
from tracker.association.engine import Tracker

BOXES = np.array([[0.0, 0, 40, 80], [200, 10, 240, 90]])
NONE = np.empty((0, 4))


def pan(x: float) -> Floats:
    return np.array([[1.0, 0, x], [0, 1, 0]])


def test_what_makes_predictions_worse_for_many_frames_is_left_out_until_it_fits_again() -> None:
    trust, right, wrong = CameraTrust(), pan(15.0), pan(-15.0)
    seen = BOXES + np.array([15, 0, 15, 0])
    accepted = [trust.accept(wrong, BOXES, seen) is wrong for _ in range(12)]
    assert accepted[0], "one frame says little"
    assert not accepted[-1]
    assert accepted == sorted(accepted, reverse=True)
    again = [trust.accept(right, BOXES, seen) is right for _ in range(12)]
    assert again[-1]


@pytest.mark.parametrize(("predicted", "found"), [(NONE, BOXES), (BOXES, NONE)])
def test_without_anything_to_compare_it_is_taken_as_told(predicted: Floats, found: Floats) -> None:
    trust, camera = CameraTrust(), pan(-15.0)
    assert all(trust.accept(camera, predicted, found) is camera for _ in range(50))
    assert trust.accept(None, BOXES, BOXES) is None


def test_people_keep_their_numbers_where_the_camera_is_said_to_jump() -> None:
    """A recording of another video's camera: it jumps to and fro, which nothing in the picture does."""
    tracker = Tracker()
    for step in range(60):
        moved = BOXES + np.tile([1.0 * step, 0], 2)
        camera = pan(30.0 if step % 2 else -30.0) if step > 10 else None
        tracks = tracker.update(Detections(moved, np.full(2, 0.9)), camera=camera)
        assert step < 30 or len(tracks) == 2
    assert tracker._camera_trust.accept(pan(30.0), BOXES, BOXES) is None
