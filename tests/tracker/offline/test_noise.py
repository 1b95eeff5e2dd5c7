"""The likelihood against SciPy's of the whole covariance matrix, and noise that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from detectors.base import Floats
from tests.tracker.offline.test_second_differences import dense, random_paths
from tracker.offline.noise import PRIOR_DEVIATION, SMOOTHING_PARAMETERS, Likelihood, find_smoothing_parameters
from tracker.offline.second_differences import SecondDifferences

RATE = 25


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=15)
def test_the_likelihood_is_that_of_the_whole_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times, owners, sizes = random_paths(seed)
    matrix, values = dense(times, owners, sizes), rng.normal(size=(len(times), 2))
    groups = rng.integers(0, 3, len(matrix))
    likelihood = Likelihood(SecondDifferences.of_paths(times, owners, sizes), values, groups, 3)
    variance = 0.3
    for place in range(0, len(SMOOTHING_PARAMETERS), 5):
        covariance = variance * (matrix @ matrix.T + np.eye(len(matrix)) / SMOOTHING_PARAMETERS[place])
        for column in range(2):
            ours = -likelihood.squares[column, :, place].sum() / variance / 2 - likelihood.logs[:, place].sum()
            ours -= len(matrix) / 2 * np.log(2 * np.pi * variance)
            whole = multivariate_normal(cov=covariance, allow_singular=True).logpdf(matrix @ values[:, column])
            assert len(matrix) == 0 or ours == pytest.approx(whole, rel=1e-4, abs=1e-3)


def estimated(path: Floats, noise: float, seed: int = 0) -> tuple[float, float]:
    """The noise's deviation and the stiffness found for paths ``(N, C)`` of one size, with noise upon them."""
    times = np.arange(len(path)) / RATE
    differences = SecondDifferences.of_paths(times, np.zeros(len(path), dtype=np.int64), np.ones(len(path)))
    seen = path + np.random.default_rng(seed).normal(0, noise, path.shape)
    columns = list(range(path.shape[1]))
    seconds = Likelihood(differences, seen, differences.rows // RATE, differences.rows[-1] // RATE + 1)
    found = seconds.fit_noise(columns)
    smoothing = find_smoothing_parameters(
        differences, seen, np.zeros(len(differences), dtype=np.int64), 1, [(columns, found)]
    )
    return float(np.sqrt(found.variance)), float(smoothing[0, 0])


def walk(seconds: int, lively: Floats) -> Floats:
    """Paths ``(N, 2)`` whose velocity walks by so much ``(N,)``, in sizes a second, in a second."""
    steps = np.random.default_rng(7).normal(size=(seconds * RATE, 2)) * lively[:, None] / np.sqrt(RATE)
    return np.asarray(np.cumsum(np.cumsum(steps, axis=0) / RATE, axis=0))


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noise_and_liveliness_are_found(noise: float) -> None:
    deviation, smoothing = estimated(walk(60, np.full(60 * RATE, 0.5)), noise)
    assert deviation == pytest.approx(noise, rel=0.1)
    assert smoothing == pytest.approx(noise**2 / 0.5**2, rel=1.0)


def test_bursts_of_motion_do_not_count_as_noise() -> None:
    lively = np.where(np.arange(100 * RATE) // RATE % 5 == 0, 60.0, 0.1)
    deviation, _ = estimated(walk(100, lively), 0.01)
    assert deviation == pytest.approx(0.01, rel=0.15)


def test_where_there_is_nothing_to_see_noise_is_the_usual_one() -> None:
    nothing = SecondDifferences.of_paths(np.arange(2.0), np.zeros(2, dtype=np.int64), np.ones(2))
    none, values = np.empty(0, dtype=np.int64), np.ones((2, 4))
    likelihood = Likelihood(nothing, values, none, 2)
    noise = likelihood.fit_noise([0, 2])
    assert noise.variance == pytest.approx(PRIOR_DEVIATION**2)
    assert noise.mixture == pytest.approx(1 / len(SMOOTHING_PARAMETERS))
    assert np.isfinite(find_smoothing_parameters(nothing, values, none, 2, [([1], noise)])).all()
