"""Boxes as if the camera had stood still, also where its recorded motion adds up to nonsense."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.offline.stabilise import Stabiliser

BOXES = np.array([[10.0, 20, 50, 100], [300, 40, 340, 90]])


def test_boxes_come_back_where_they_were() -> None:
    turn = np.array([[0.99, -0.1, 3.0], [0.1, 0.99, -2.0]])
    stabiliser = Stabiliser([None, turn, turn, None, turn])
    for frame in range(5):
        frames = np.full(2, frame)
        first = stabiliser.into_first(frames, BOXES)
        np.testing.assert_allclose(stabiliser.out_of_first(frames, first), BOXES, atol=1e-9)
    np.testing.assert_allclose(stabiliser.into_first(np.zeros(2, int), BOXES), BOXES)


@given(
    entries=st.lists(st.sampled_from([1e3, -1e3, 1e-3, 1e-6, 0.0, 1.0, 1e9, -1e9]), min_size=6, max_size=6),
    count=st.integers(1, 60),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_matrices_boxes_stay_finite(entries: list[float], count: int) -> None:
    camera: Floats = np.array(entries).reshape(2, 3)
    stabiliser = Stabiliser([None, *[camera] * count])
    frames = np.array([0, count])
    there = stabiliser.into_first(frames, BOXES)
    assert np.isfinite(there).all()
    np.testing.assert_allclose(stabiliser.out_of_first(frames, there), BOXES, atol=1e-2)
