"""What is told of a camera that stands still changes nothing; a slow pan is followed all the same."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats
from tracker.association.camera_tremor import TREMOR, CameraTremor
from tracker.association.engine import Tracker

BOXES = np.array([[0.0, 0, 40, 80], [200, 10, 240, 90], [20, 0, 60, 80]])


def pan(x: float, y: float = 0.0) -> Floats:
    return np.array([[1.0, 0, x], [0, 1, y]])


def test_the_tracks_of_a_camera_that_stands_still_are_those_without_its_motion() -> None:
    rng, told, untold = np.random.default_rng(3), Tracker(), Tracker()
    place = np.zeros(2)
    for step in range(80):
        found = Detections(BOXES + rng.normal(0, 1, BOXES.shape) + np.tile([0.5 * step, 0.0], 2), np.full(3, 0.9))
        before, place = place, rng.normal(0, 0.1, 2)  # it trembles around where it stands
        with_motion, without = told.update(found, camera=pan(*(place - before))), untold.update(found)
        np.testing.assert_array_equal(with_motion.track_ids, without.track_ids)
        np.testing.assert_array_equal(told._table.filter.state, untold._table.filter.state)


@pytest.mark.parametrize("speed", [0.1, 0.3, 0.7, 5.0])
def test_a_pan_is_followed_however_slow_it_is(speed: float) -> None:
    tremor, followed = CameraTremor(), 0.0
    for step in range(1, 50):
        camera = tremor.beyond(pan(speed), BOXES)
        followed += 0.0 if camera is None else camera[0, 2]
        assert speed * step - followed <= TREMOR * 40 + 1e-9
    assert followed > 0


def test_saved_motions_are_composed_in_their_order() -> None:
    zoom = np.array([[1.0001, 0, 0.1], [0, 1.0001, 0.2]])
    turn = np.array([[1.0, -0.0002, 0.3], [0.0002, 1.0, 0.1]])
    tremor = CameraTremor()
    assert tremor.beyond(zoom, BOXES) is None
    assert tremor.beyond(turn, BOXES) is None
    whole = tremor.beyond(pan(9.0), BOXES)
    matrices = [np.vstack([each, [0, 0, 1]]) for each in (pan(9.0), turn, zoom)]
    assert whole is not None
    np.testing.assert_allclose(whole, (matrices[0] @ matrices[1] @ matrices[2])[:2])


def test_what_moves_most_boxes_is_taken_at_once_and_so_is_what_moves_none() -> None:
    tremor, large = CameraTremor(), BOXES * 100
    for camera, boxes in ((pan(3.0), BOXES), (pan(0.1), np.empty((0, 4)))):
        assert tremor.beyond(camera, boxes) is camera
    assert tremor.beyond(pan(3.0), np.concatenate([BOXES[:1], large[:2]])) is None
    assert tremor.beyond(None, BOXES) is None
