"""Measurement noise of the detector and process noise of the objects, estimated from the tracks themselves.

A side of a box is where the object's side is, plus the detector's measurement noise; its velocity is a random walk,
driven by process noise. Measurement noise is constant, while process noise comes in bursts: somebody turns, throws up
the arms, and walks on. So the measurement noise has one variance, and each segment of a track has a smoothing parameter
of its own (the ratio of the two variances) from a distribution that all share. Both are found by expectation
maximisation (Dempster, Laird and Rubin, 1977) of the likelihood of the second differences. With a single process noise,
the bursts would count as measurement noise and be smoothed away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded
from scipy.linalg.lapack import dtbtrs

from detectors.base import Floats, Ints
from tracker.offline.second_differences import SecondDifferences

# The grid of smoothing parameters: variance of the measurement noise over that by which velocity changes in a second,
# in seconds cubed.
SMOOTHING_PARAMETERS = 10.0 ** np.arange(-8, 3.5, 0.5)
PRIOR_DEVIATION, PRIOR_COUNT = 0.02, 10  # the prior: a deviation in sizes, and how many observations it counts as
ITERATIONS, CONVERGED = 200, 1e-3  # at most, and the relative change of the variance that ends the search
DEGREES_OF_FREEDOM = 25  # of Student's t that a track's second differences follow: outliers decide nothing
LEAST_WEIGHT = 1e-9  # of a smoothing parameter, so that none is ruled out for good


@dataclass(frozen=True, eq=False)
class Noise:
    """variance: of a side of a box, in squares of the object's size. mixture: ``(S,)``, the share of
    segments that have each smoothing parameter.
    """

    variance: float
    mixture: Floats


class Likelihood:
    """The likelihood of second differences for each smoothing parameter, summed up over groups of them.

    squares: ``(C, B, S)`` sums of the squared innovations of each column, group and smoothing parameter, where the
    noise has a variance of 1. logs: ``(B, S)`` sums of the logarithms of their deviations. counts: ``(B,)``, how many
    differences each group has.
    """

    def __init__(self, differences: SecondDifferences, values: Floats, groups: Ints, count: int) -> None:
        """values: ``(N, C)`` in sizes of the object. groups: ``(M,)``, of each difference, below `count`."""
        self.counts = np.bincount(groups, minlength=count)
        self.squares = np.zeros((values.shape[1], count, len(SMOOTHING_PARAMETERS)))
        self.logs = np.zeros((count, len(SMOOTHING_PARAMETERS)))
        for place, (squares, logs) in enumerate(_innovations(differences, values)):
            for column, each in enumerate(squares.T):
                self.squares[column, :, place] = np.bincount(groups, each, minlength=count)
            self.logs[:, place] = np.bincount(groups, logs, minlength=count)

    def fit_noise(self, columns: Sequence[int]) -> Noise:
        """The most likely noise that these columns have in common, where groups are segments."""
        squares = np.concatenate([self.squares[column] for column in columns])
        logs, counts = np.tile(self.logs, (len(columns), 1)), np.tile(self.counts, len(columns))
        variance, mixture = PRIOR_DEVIATION**2, np.full(len(SMOOTHING_PARAMETERS), 1 / len(SMOOTHING_PARAMETERS))
        for _ in range(ITERATIONS):
            chances = _posteriors(_log_likelihoods(squares, logs, counts, variance), mixture)
            mixture = chances.mean(axis=0) + LEAST_WEIGHT
            before = variance
            variance = float(
                ((chances * squares).sum() + PRIOR_COUNT * PRIOR_DEVIATION**2) / (counts.sum() + PRIOR_COUNT)
            )
            if abs(np.log(variance / before)) < CONVERGED:
                break
        return Noise(variance, mixture / mixture.sum())


def find_smoothing_parameters(
    differences: SecondDifferences,
    values: Floats,
    groups: Ints,
    count: int,
    noises: Sequence[tuple[Sequence[int], Noise]],
) -> Floats:
    """The expected smoothing parameter ``(L, B)`` of each group, which columns of the same noise share.

    noises: of L sets of columns. The others as for `Likelihood`.
    """
    odds = np.zeros((len(noises), count, len(SMOOTHING_PARAMETERS)))
    for place, (squares, logs) in enumerate(_innovations(differences, values)):
        for row, (columns, noise) in enumerate(noises):
            tails = (
                (DEGREES_OF_FREEDOM + 1)
                / 2
                * np.log1p(squares[:, columns] / (DEGREES_OF_FREEDOM * noise.variance)).sum(axis=1)
            )
            odds[row, :, place] = -np.bincount(groups, tails + len(columns) * logs, minlength=count)
    found = [
        _posteriors(each, noise.mixture) @ np.log(SMOOTHING_PARAMETERS)
        for each, (_, noise) in zip(odds, noises, strict=True)
    ]
    return np.asarray(np.exp(np.stack(found)))


def _innovations(differences: SecondDifferences, values: Floats) -> Iterator[tuple[Floats, Floats]]:
    """For each smoothing parameter: the squared innovations ``(M, C)`` of the differences, each given those before it,
    and the logarithms ``(M,)`` of their deviations; in units of the noise.
    """
    if not len(differences):  # LAPACK takes no empty matrix
        return
    found, covariance = differences.apply(values), differences.covariance()
    for smoothing in SMOOTHING_PARAMETERS:
        bands = covariance.copy()
        bands[0] += 1 / smoothing
        root = cholesky_banded(bands, lower=True)
        innovations = dtbtrs(root, found, uplo="L")[0]
        yield innovations**2, np.log(root[0])


def _log_likelihoods(squares: Floats, logs: Floats, counts: Ints, variance: float) -> Floats:
    return np.asarray(-squares / (2 * variance) - (counts * np.log(variance) / 2)[:, None] - logs)


def _posteriors(odds: Floats, mixture: Floats) -> Floats:
    """Posterior probabilities ``(B, S)`` of each smoothing parameter, from log-likelihoods and prior weights."""
    odds = odds + np.log(mixture)
    chances = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
