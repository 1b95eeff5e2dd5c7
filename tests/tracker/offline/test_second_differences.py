"""Second differences against a dense matrix that is written down from their definition."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats, Ints
from tracker.offline.second_differences import SecondDifferences

seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=30)


def random_paths(seed: int) -> tuple[Floats, Ints, Floats]:
    """Times, owners and sizes of a few tracks, some of which are too short for any kink."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(5), rng.integers(1, 7, 5))
    times = np.concatenate(
        [rng.uniform(0, 9) + np.cumsum(rng.uniform(0.02, 0.2, (owners == one).sum())) for one in range(5)]
    )
    return times, owners, rng.uniform(5, 50, len(times))


def dense(times: Floats, owners: Ints, sizes: Floats) -> Floats:
    """The matrix ``(M, N)`` that makes second differences, in sizes around them, of values in their own sizes."""
    rows = []
    for at in range(1, len(times) - 1):
        if owners[at - 1] == owners[at] == owners[at + 1]:
            before, after = times[at] - times[at - 1], times[at + 1] - times[at]
            row = np.zeros(len(times))
            row[at - 1 : at + 2] = [1 / before, -1 / before - 1 / after, 1 / after]
            rows.append(row * sizes / sizes[at] / np.sqrt((before + after) / 2))
    return np.array(rows).reshape(-1, len(times))


def from_bands(bands: Floats, lower: bool) -> Floats:
    count = bands.shape[1]
    full = np.zeros((count, count))
    for column in range(count):
        for away in range(3):
            row = column + away if lower else column - away
            if 0 <= row < count:
                full[row, column] = full[column, row] = bands[away if lower else 2 - away, column]
    return full


@given(seed=seeds)
@few
def test_differences_are_those_of_their_definition(seed: int) -> None:
    times, owners, sizes = random_paths(seed)
    differences, matrix = SecondDifferences.of_paths(times, owners, sizes), dense(times, owners, sizes)
    values = np.random.default_rng(seed).normal(size=(len(times), 3))
    assert len(differences) == len(matrix)
    np.testing.assert_allclose(differences.apply(values), matrix @ values, atol=1e-6)
    np.testing.assert_allclose(
        differences.apply_transpose(matrix @ values), matrix.T @ (matrix @ values), rtol=1e-9, atol=1e-6
    )
    np.testing.assert_allclose(
        from_bands(differences.covariance(), lower=True), matrix @ matrix.T, rtol=1e-9, atol=1e-6
    )
    np.testing.assert_allclose(from_bands(differences.penalty(), lower=False), matrix.T @ matrix, rtol=1e-9, atol=1e-6)
    twice = differences.scaled(np.full(len(differences), 2.0))
    np.testing.assert_allclose(twice.apply(values), 2 * differences.apply(values))


@given(seed=seeds)
@few
def test_steady_velocity_has_no_second_differences(seed: int) -> None:
    times, owners, sizes = random_paths(seed)
    differences = SecondDifferences.of_paths(times, owners, sizes)
    path = (owners * 7 + 30 * times) / sizes
    assert np.abs(differences.apply(path[:, None])).max(initial=0) < 1e-7


def test_second_differences_of_a_velocity_that_walks_randomly_have_one_variance_whatever_the_times_between() -> None:
    rng = np.random.default_rng(1)
    steps = rng.choice([0.02, 0.1, 0.5], 20_000)
    times = np.concatenate([[0.0], np.cumsum(steps)])
    around = np.concatenate([[0.0], [(one + other) / 2 for one, other in pairwise(steps.tolist())]])
    velocity = np.cumsum(3 * rng.normal(size=len(steps)) * np.sqrt(around))
    path = np.concatenate([[0.0], np.cumsum(velocity * steps)])
    differences = SecondDifferences.of_paths(times, np.zeros(len(times), dtype=np.int64), np.ones(len(times)))
    found = differences.apply(path[:, None])[:, 0]
    for step in (0.02, 0.1, 0.5):
        np.testing.assert_allclose(found[steps[1:] == step].std(), 3, rtol=0.05)


def test_two_boxes_at_almost_one_time_are_no_violent_kink() -> None:
    times = np.array([0.0, 0.04, 0.08, 0.080001, 0.12, 0.16])
    differences = SecondDifferences.of_paths(times, np.zeros(6, dtype=np.int64), np.ones(6))
    assert np.abs(differences.weights).max() < 1e5
