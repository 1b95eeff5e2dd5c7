"""The motion that points agree on, and when they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.motion.similarity import AGREE, DOUBT, FEWEST, REST, agreed_motion, moved, picture_corners, similarity

SHAPE = (270, 480)
STILL = np.eye(2, 3)
TURN = np.array([[1.01, -0.02, 6.0], [0.02, 1.01, -4.0]])
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=40)


def everywhere(rng: np.random.Generator, count: int) -> Floats:
    return np.asarray(rng.random((count, 2)) * np.array(SHAPE[::-1]), dtype=np.float64)


def astray(rng: np.random.Generator, points: Floats) -> Floats:
    """The points after they went their own ways, none of them nowhere."""
    return np.asarray(points + rng.uniform(3, 60, points.shape) * rng.choice([-1, 1], points.shape))


def error(found: Floats | None, true: Floats) -> float:
    assert found is not None
    corners = picture_corners(SHAPE)
    return float(np.abs(moved(found, corners) - moved(true, corners)).max())


@given(seed=seeds)
@few
def test_least_squares_are_exact_on_a_similarity_and_equal_to_linear_algebra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, int(rng.integers(2, 30)))
    p, q, x, y = rng.normal(0, 2, 4)
    true = np.array([[p, -q, x], [q, p, y]])
    np.testing.assert_allclose(similarity(points, moved(true, points)), true, atol=1e-8)
    found = moved(true, points) + rng.normal(0, 1, points.shape)
    one, zero = np.ones(len(points)), np.zeros(len(points))
    rows = np.concatenate([np.stack([*points.T, one, zero], 1), np.stack([points[:, 1], -points[:, 0], zero, one], 1)])
    p, q, x, y = np.linalg.lstsq(rows, found.T.ravel(), rcond=None)[0]
    np.testing.assert_allclose(similarity(points, found), [[p, q, x], [-q, p, y]], atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5])
@given(seed=seeds)
@few
def test_a_minority_that_goes_astray_does_not_count(share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, 80)
    found = moved(TURN, points) + rng.normal(0, 0.1, points.shape)
    lost = rng.permutation(80)[: int(share * 80)]
    found[lost] = astray(rng, points[lost])
    assert error(agreed_motion(points, found, SHAPE), TURN) < 0.25


@given(seed=seeds)
@few
def test_noise_around_nothing_is_exactly_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, int(rng.integers(FEWEST, 60)))
    found = points + rng.normal(0, REST, points.shape)
    motion = agreed_motion(points, found, SHAPE)
    assert motion is None or np.array_equal(motion, STILL)


def test_what_stands_still_outweighs_what_moves_unless_it_is_outvoted() -> None:
    rng = np.random.default_rng(0)
    points = everywhere(rng, 90)
    for moving, expected in ((50, STILL), (70, TURN)):
        found = points.copy()
        found[:moving] = moved(TURN, points[:moving])
        assert error(agreed_motion(points, found, SHAPE), expected) < 1e-3


def test_points_that_agree_must_be_enough_and_not_all_in_one_place() -> None:
    rng = np.random.default_rng(1)
    few_, many, corner = everywhere(rng, FEWEST - 1), everywhere(rng, 60), rng.uniform(0, 12, (60, 2))
    noise = rng.normal(0, AGREE / 4, (60, 2))
    assert agreed_motion(few_, moved(TURN, few_), SHAPE) is None
    assert agreed_motion(many, moved(TURN, many) + noise, SHAPE) is not None
    assert agreed_motion(corner, moved(TURN, corner) + noise, SHAPE) is None  # it could not tell of the other end
    scattered = moved(TURN, many)
    scattered[18:] = astray(rng, many[18:])
    assert agreed_motion(many, scattered, SHAPE) is None


@given(seed=seeds)
@few
def test_a_motion_that_is_believed_is_as_exact_as_is_claimed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, rng.uniform(5, 270), (int(rng.integers(FEWEST, 40)), 2))
    found = moved(TURN, points) + rng.normal(0, 0.2, points.shape)
    motion = agreed_motion(points, found, SHAPE)
    if motion is not None:
        assert error(motion, TURN) < 5 * DOUBT
