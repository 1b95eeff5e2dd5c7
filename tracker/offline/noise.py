"""How much detected boxes tremble, and how lively their objects move: told by the tracks themselves.

A side of a box is where the object's is, and off by the detector's noise; its velocity walks randomly. Noise is there
all the time, while liveliness comes in bursts: somebody turns, throws up the arms, and walks on. So each second of a
track is held to have a liveliness of its own, out of a distribution that all share, while the noise is one; both are
found by expectation and maximisation (Dempster, Laird and Rubin, 1977) of the likelihood of the kinks. Were liveliness
held to be one as well, the lively seconds would count as noise, and be smoothed away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded
from scipy.linalg.lapack import dtbtrs

from detectors.base import Floats, Ints
from tracker.offline.kinks import Kinks

STIFFNESS = 10.0 ** np.arange(
    -8, 3.5, 0.5
)  # seconds cubed: the noise's variance over that by which velocity changes in 1 s
USUAL, TIMES = 0.02, 30  # what is believed beforehand: a deviation in sizes, as if it had been seen so many times
ROUNDS, SETTLED = 200, 1e-3  # of the search, and the relative change of the variance that ends it
RARE = 1e-9  # share of seconds that no liveliness falls below, so that none is ruled out for good


@dataclass(frozen=True, eq=False)
class Noise:
    """variance: of a side of a box, in squares of the object's size. shares: ``(S,)`` of the seconds that have each
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
        found, covariance = kinks.of(values), kinks.covariance()
        self.counts = np.bincount(groups, minlength=count)
        self.squares = np.zeros((found.shape[1], count, len(STIFFNESS)))
        self.logs = np.zeros((count, len(STIFFNESS)))
        for place, stiffness in enumerate(STIFFNESS if len(found) else ()):  # LAPACK takes no empty matrix
            bands = covariance.copy()
            bands[0] += 1 / stiffness
            root = cholesky_banded(bands, lower=True)
            for column, innovations in enumerate(dtbtrs(root, found, uplo="L")[0].T):
                self.squares[column, :, place] = np.bincount(groups, innovations**2, minlength=count)
            self.logs[:, place] = np.bincount(groups, np.log(root[0]), minlength=count)

    def noise(self, columns: Sequence[int]) -> Noise:
        """The most likely noise that these columns have in common, where groups are seconds."""
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

    def stiffness(self, columns: Sequence[int], noise: Noise) -> Floats:
        """The stiffness ``(B,)`` to be expected of each group, where it is one for these columns and of this noise."""
        odds = sum(_log_likelihoods(self.squares[each], self.logs, self.counts, noise.variance) for each in columns)
        return np.asarray(np.exp(_chances(np.asarray(odds), noise.shares) @ np.log(STIFFNESS)))


def _log_likelihoods(squares: Floats, logs: Floats, counts: Ints, variance: float) -> Floats:
    return np.asarray(-squares / (2 * variance) - (counts * np.log(variance) / 2)[:, None] - logs)


def _chances(odds: Floats, shares: Floats) -> Floats:
    """Probabilities ``(B, S)`` of each stiffness, from its log-likelihoods and its shares beforehand."""
    odds = odds + np.log(shares)
    chances = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
