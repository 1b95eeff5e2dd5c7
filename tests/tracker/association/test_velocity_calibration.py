"""How far velocities carry on: learnt from the matches, where frames are far apart."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections
from tracker.appearance.gallery import AverageMemory
from tracker.association.motion_models import CENTRE_SIZE
from tracker.association.track_table import TrackTable
from tracker.association.velocity_calibration import VelocityCalibration


def followed(offsets: list[float], elapsed: float) -> VelocityCalibration:
    """What is learnt from somebody 40 pixels wide who is seen at these horizontal offsets."""
    table, calibration = TrackTable(CENTRE_SIZE, AverageMemory), VelocityCalibration()
    row = np.array([0])
    for number, offset in enumerate(offsets):
        found = Detections(np.array([[offset, 10.0, offset + 40.0, 110.0]]), np.ones(1))
        if number == 0:
            table.append(found, row, 0.0)
            continue
        table.filter.predict(elapsed, calibration.share(elapsed))
        calibration.update(table, row, found.boxes, elapsed)
        table.match(row, found, row, number * elapsed)
    return calibration


def test_who_walks_on_is_predicted_where_the_velocity_leads() -> None:
    assert followed([50.0 * step for step in range(30)], 1.0).share(1.0) == pytest.approx(1.0, abs=0.05)


def test_who_steps_to_and_fro_is_predicted_near_where_he_is() -> None:
    assert followed([60.0 * (step % 4 in (1, 2)) for step in range(40)], 0.5).share(0.5) < 0.4


def test_frames_close_together_are_predicted_by_the_whole_velocity() -> None:
    calibration = followed([20.0 * (step % 4 in (1, 2)) for step in range(40)], 1 / 30)
    assert calibration.share(1 / 30) == 1.0
    assert calibration.share(0.5) == 1.0  # nothing has been learnt of frames that far apart


def test_beginnings_teach_nothing() -> None:
    assert followed([0.0, 90.0, 0.0, 90.0], 1.0).share(1.0) == 1.0


def test_one_jump_counts_for_no_more_than_two_sizes() -> None:
    steady = [50.0 * step for step in range(30)]
    assert followed([*steady, steady[-1] - 5000.0], 1.0).share(1.0) > 0.5
