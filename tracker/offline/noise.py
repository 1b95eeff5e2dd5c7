"""How much detected boxes tremble, and how lively their objects move: told by the tracks themselves.

A side of a box is where the object's is, and off by the detector's noise; its velocity walks randomly. Noise is there
all the time, while liveliness comes in bursts: somebody turns, throws up the arms, and walks on. So each moment of a
track is held to have a liveliness of its own, out of a distribution that all share, while the noise is one; both are
found by expectation and maximisation (Dempster, Laird and Rubin, 1977) of the likelihood of the kinks. Were liveliness
held to be one as well, the lively moments would count as noise, and be smoothed away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded
from scipy.linalg.lapack import dtbtrs

from detectors.base import Floats, Ints
from tracker.offline.velocity_changes import Kinks

# Variance of the noise over the one by which velocity changes in a second: seconds cubed.
STIFFNESS = 10.0 ** np.arange(-8, 3.5, 0.5)
USUAL, TIMES = 0.02, 10  # what is believed beforehand: a deviation in sizes, as if it had been seen so many times
ROUNDS, SETTLED = 200, 1e-3  # of the search, and the relative change of the variance that ends it
TAILS = 25  # degrees of freedom of Student's t that a track's kinks follow: a few that are far off decide nothing
RARE = 1e-9  # share of moments that no liveliness falls below, so that none is ruled out for good


@dataclass(frozen=True, eq=False)
class Noise:
    """variance: of a side of a box, in squares of the object's size. shares: ``(S,)`` of the moments that have each
    stiffness.
    """

    variance: float
    shares: Floats


class Likelihood:
    """The likelihood of kinks for each stiffness, summed up over groups of them.

    squares: ``(C, B, S)`` sums of the squared innovations of each column, group and stiffness, where the noise has a
    variance of 1. logs: ``(B, S)`` sums of the logarithms of their deviations. counts: ``(B,)`` of the kinks.
    """

    def __init__(self, kinks: Kinks, values: Floats, groups: Ints, count: int) -> None:
        """values: ``(N, C)`` in sizes of the object. groups: ``(M,)``, from 0 up to below `count`, of each kink."""
        self.counts = np.bincount(groups, minlength=count)
        self.squares = np.zeros((values.shape[1], count, len(STIFFNESS)))
        self.logs = np.zeros((count, len(STIFFNESS)))
        for place, (squares, logs) in enumerate(_innovations(kinks, values)):
            for column, each in enumerate(squares.T):
                self.squares[column, :, place] = np.bincount(groups, each, minlength=count)
            self.logs[:, place] = np.bincount(groups, logs, minlength=count)

    def noise(self, columns: Sequence[int]) -> Noise:
        """The most likely noise that these columns have in common, where groups are moments."""
        squares = np.concatenate([self.squares[column] for column in columns])
        logs, counts = np.tile(self.logs, (len(columns), 1)), np.tile(self.counts, len(columns))
        variance, shares = USUAL**2, np.full(len(STIFFNESS), 1 / len(STIFFNESS))
        for _ in range(ROUNDS):
            chances = _chances(_log_likelihoods(squares, logs, counts, variance), shares)
            shares = chances.mean(axis=0) + RARE
            before = variance
            variance = float(((chances * squares).sum() + TIMES * USUAL**2) / (counts.sum() + TIMES))
            if abs(np.log(variance / before)) < SETTLED:
                break
        return Noise(variance, shares / shares.sum())


def find_stiffness(
    kinks: Kinks, values: Floats, groups: Ints, count: int, noises: Sequence[tuple[Sequence[int], Noise]]
) -> Floats:
    """The stiffness ``(L, B)`` to be expected of each group, where it is one for columns of the same noise.

    noises: of L sets of columns. The others as for `Likelihood`.
    """
    odds = np.zeros((len(noises), count, len(STIFFNESS)))
    for place, (squares, logs) in enumerate(_innovations(kinks, values)):
        for row, (columns, noise) in enumerate(noises):
            rare = (TAILS + 1) / 2 * np.log1p(squares[:, columns] / (TAILS * noise.variance)).sum(axis=1)
            odds[row, :, place] = -np.bincount(groups, rare + len(columns) * logs, minlength=count)
    found = [_chances(each, noise.shares) @ np.log(STIFFNESS) for each, (_, noise) in zip(odds, noises, strict=True)]
    return np.asarray(np.exp(np.stack(found)))


def _innovations(kinks: Kinks, values: Floats) -> Iterator[tuple[Floats, Floats]]:
    """For each stiffness: what the kinks before do not tell of each kink, squared, ``(M, C)``, and the logarithms
    ``(M,)`` of its deviation; in units of the noise.
    """
    if not len(kinks):  # LAPACK takes no empty matrix
        return
    found, covariance = kinks.of(values), kinks.covariance()
    for stiffness in STIFFNESS:
        bands = covariance.copy()
        bands[0] += 1 / stiffness
        root = cholesky_banded(bands, lower=True)
        innovations = dtbtrs(root, found, uplo="L")[0]
        yield innovations**2, np.log(root[0])


def _log_likelihoods(squares: Floats, logs: Floats, counts: Ints, variance: float) -> Floats:
    return np.asarray(-squares / (2 * variance) - (counts * np.log(variance) / 2)[:, None] - logs)


def _chances(odds: Floats, shares: Floats) -> Floats:
    """Probabilities ``(B, S)`` of each stiffness, from its log-likelihoods and its shares beforehand."""
    odds = odds + np.log(shares)
    chances = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
