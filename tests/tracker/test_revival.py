"""Lost tracks found again where they may have got to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.revival import Revival, strangeness

LOST = np.array([[100.0, 100, 140, 200]])  # 100 high, feet at (120, 200)
STILL = np.zeros((1, 2))
R = Revival()


def strange(boxes: Floats, gap: float = 1.0, velocity: Floats = STILL, last: Floats = LOST) -> Floats:
    return np.asarray(strangeness(R, last, velocity, np.array([gap]), boxes)[0])


def test_the_same_place_and_size_is_not_strange_at_all() -> None:
    assert strange(LOST)[0] == 0


def test_the_limit_is_reach_and_speed_in_heights() -> None:
    for gap in (0.1, 1.0, 2.0):
        limit = 100 * (R.reach + R.speed * gap)
        assert strange(LOST + np.array([limit, 0, limit, 0]), gap)[0] == pytest.approx(1.0)


def test_a_change_of_height_uses_up_the_tolerance() -> None:
    taller = LOST - [[0, 100 * (np.exp(R.size) - 1), 0, 0]]
    assert strange(taller)[0] == pytest.approx(1.0)


def test_it_moves_on_for_as_long_as_its_velocity_counts() -> None:
    velocity = np.array([[50.0, 0.0]])
    for gap, moved in ((0.1, 5.0), (R.coast, 50 * R.coast), (2.0, 50 * R.coast)):
        assert strange(LOST + np.array([moved, 0, moved, 0]), gap, velocity)[0] == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=50)
@given(st.floats(0.05, 20), st.floats(-1000, 1000), st.floats(-80, 80), st.floats(0.1, 3))
def test_scale_and_place_do_not_matter(zoom: float, shift: float, moved: float, gap: float) -> None:
    box = LOST + np.array([moved, 0, moved, 3])
    other = strangeness(R, zoom * LOST + shift, STILL, np.array([gap]), zoom * box + shift)[0]
    assert other[0] == pytest.approx(strange(box, gap)[0], rel=1e-6, abs=1e-6)


def test_boxes_without_height_are_finite() -> None:
    flat = np.array([[100.0, 200, 140, 200]])
    assert np.isfinite(strange(flat)).all()
    assert np.isfinite(strange(LOST, last=flat)).all()
    assert strangeness(R, LOST, STILL, np.array([1.0]), np.empty((0, 4))).shape == (1, 0)
