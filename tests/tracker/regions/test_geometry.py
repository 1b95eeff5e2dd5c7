"""Points and polygons, compared with OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.regions.geometry import area, contains, crosses_itself, depth, distance_to, segments_cross

ARROW = np.array([[0.0, 0], [40, 20], [0, 40], [12, 20]])  # not convex

points = st.tuples(st.integers(-20, 60), st.integers(-20, 60))
polygons = st.lists(points, min_size=3, max_size=9, unique=True).map(lambda some: np.array(some, dtype=np.float64))


@given(polygons, st.lists(points, min_size=1, max_size=20))
def test_insides_and_distances_are_those_of_opencv(corners: np.ndarray, places: list[tuple[int, int]]) -> None:
    if crosses_itself(corners) or area(corners) < 1:
        return
    asked = np.array(places, dtype=np.float64)
    contour = corners.astype(np.float32).reshape(-1, 1, 2)
    signed = np.array([cv2.pointPolygonTest(contour, (float(x), float(y)), True) for x, y in asked])
    assert (contains(corners, asked) == (signed >= 0)).all()
    found = distance_to(corners, np.roll(corners, -1, axis=0), asked)
    assert found == pytest.approx(np.abs(signed), abs=1e-4)
    assert area(corners) == pytest.approx(cv2.contourArea(contour), rel=1e-5)


def test_the_edge_belongs_to_the_polygon() -> None:
    asked = np.array([[0, 0], [20, 10], [12, 20], [40, 20], [11.9, 20], [40.1, 20]])
    assert contains(ARROW, asked).tolist() == [True, True, True, True, False, False]


def test_edges_that_are_almost_level_are_no_trouble() -> None:
    level = np.array([[0.0, 0], [1e6, 5e-324], [1e6, 10], [0, 10]])
    with np.errstate(all="raise", under="ignore"):
        assert contains(level, np.array([[5.0, 5], [5, 20]])).tolist() == [True, False]


def test_segments_that_only_touch_do_not_cross() -> None:
    starts, ends = np.array([[0.0, 0], [0, 0]]), np.array([[10.0, 10], [5, 5]])
    others, other_ends = np.array([[0.0, 10]]), np.array([[10.0, 0]])
    assert segments_cross(starts, ends, others, other_ends).tolist() == [[True], [False]]
    assert not crosses_itself(ARROW)
    assert crosses_itself(np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]]))


def test_depth_is_how_far_the_edges_can_be() -> None:
    square = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100]])
    assert depth(square, square, np.roll(square, -1, axis=0)) == pytest.approx(50, abs=3)
    assert depth(square, square[:0], square[:0]) == np.inf
