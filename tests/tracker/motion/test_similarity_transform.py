"""The motion that points agree on, and when they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.motion.similarity_transform import (
    MAX_RESIDUAL,
    MAX_REST,
    MAX_STANDARD_ERROR,
    MIN_POINTS,
    consensus_motion,
    fit_similarity,
    picture_corners,
    transform_points,
)

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
    return float(np.abs(transform_points(found, corners) - transform_points(true, corners)).max())


@given(seed=seeds)
@few
def test_least_squares_are_exact_on_a_similarity_and_equal_to_linear_algebra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, int(rng.integers(2, 30)))
    p, q, x, y = rng.normal(0, 2, 4)
    true = np.array([[p, -q, x], [q, p, y]])
    np.testing.assert_allclose(fit_similarity(points, transform_points(true, points)), true, atol=1e-8)
    found = transform_points(true, points) + rng.normal(0, 1, points.shape)
    one, zero = np.ones(len(points)), np.zeros(len(points))
    rows = np.concatenate([np.stack([*points.T, one, zero], 1), np.stack([points[:, 1], -points[:, 0], zero, one], 1)])
    p, q, x, y = np.linalg.lstsq(rows, found.T.ravel(), rcond=None)[0]
    np.testing.assert_allclose(fit_similarity(points, found), [[p, q, x], [-q, p, y]], atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5])
@given(seed=seeds)
@few
def test_a_minority_that_goes_astray_does_not_count(share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, 80)
    found = transform_points(TURN, points) + rng.normal(0, 0.1, points.shape)
    lost = rng.permutation(80)[: int(share * 80)]
    found[lost] = astray(rng, points[lost])
    assert error(consensus_motion(points, found, SHAPE), TURN) < 0.25


@given(seed=seeds)
@few
def test_noise_around_nothing_is_exactly_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = everywhere(rng, int(rng.integers(MIN_POINTS, 60)))
    found = points + rng.normal(0, MAX_REST, points.shape)
    motion = consensus_motion(points, found, SHAPE)
    assert motion is None or np.array_equal(motion, STILL)


def test_what_stands_still_outweighs_what_moves_unless_it_is_outvoted() -> None:
    rng = np.random.default_rng(0)
    points = everywhere(rng, 90)
    for moving, expected in ((50, STILL), (70, TURN)):
        found = points.copy()
        found[:moving] = transform_points(TURN, points[:moving])
        assert error(consensus_motion(points, found, SHAPE), expected) < 1e-3


def test_points_that_agree_must_be_enough_and_not_all_in_one_place() -> None:
    rng = np.random.default_rng(1)
    few_, many, corner = everywhere(rng, MIN_POINTS - 1), everywhere(rng, 60), rng.uniform(0, 12, (60, 2))
    noise = rng.normal(0, MAX_RESIDUAL / 4, (60, 2))
    assert consensus_motion(few_, transform_points(TURN, few_), SHAPE) is None
    assert consensus_motion(many, transform_points(TURN, many) + noise, SHAPE) is not None
    assert (
        consensus_motion(corner, transform_points(TURN, corner) + noise, SHAPE) is None
    )  # it could not tell of the other end
    scattered = transform_points(TURN, many)
    scattered[18:] = astray(rng, many[18:])
    assert consensus_motion(many, scattered, SHAPE) is None


@given(seed=seeds)
@few
def test_a_motion_that_is_believed_is_as_exact_as_is_claimed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, rng.uniform(5, 270), (int(rng.integers(MIN_POINTS, 40)), 2))
    found = transform_points(TURN, points) + rng.normal(0, 0.2, points.shape)
    motion = consensus_motion(points, found, SHAPE)
    if motion is not None:
        assert error(motion, TURN) < 5 * MAX_STANDARD_ERROR
