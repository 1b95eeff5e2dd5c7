"""How much detected boxes tremble, and how lively their objects move: told by the tracks themselves.

A side of a box is where the object's is, and off by the detector's noise; its velocity walks randomly. Noise is there
all the time, while liveliness comes in bursts: somebody turns, throws up the arms, and walks on. So each second of a
track is held to have a liveliness of its own, out of a distribution that all share, while the noise is one; both are
found by expectation and maximisation (Dempster, Laird and Rubin, 1977) of the likelihood of the kinks. With one
liveliness for all, what is lively would count as noise, and be smoothed away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded
from scipy.linalg.lapack import dtbtrs

from detectors.base import Floats, Ints
from tracker.offline.kinks import Kinks

STIFFNESS = 10.0 ** np.arange(-8, 3.5, 0.5)  # seconds cubed: variance of the noise, to that of the walk of velocity
USUAL, TIMES = 0.02, 30  # what is believed beforehand: a deviation in sizes, as if it had been seen so many times
ROUNDS, SETTLED = 200, 1e-3  # of the search, and the relative change of the variance that ends it
RARE = 1e-9  # share of seconds that no liveliness falls below, so that none is ruled out for good


@dataclass(frozen=True)
class Noise:
    """variance: of a side of a box, in squares of the object's size. stiffness: seconds cubed; its ratio to the
    variance by which a velocity changes in a second.
    """

    variance: float
    stiffness: float


class Likelihood:
    """The likelihood of kinks for every stiffness, summed up by seconds of a track.

    squares: ``(C, B, S)`` sums of the squared innovations, of each column, second and stiffness, where the noise is 1.
    logs: ``(B, S)`` sums of the logarithms of their deviations. counts: ``(B,)``.
    """

    def __init__(self, kinks: Kinks, values: Floats, seconds: Ints) -> None:
        """values: ``(N, C)`` in sizes of the object. seconds: ``(M,)``, the second of a track that each kink is in,
        from 0 without gaps.
        """
        found, bands = kinks.of(values), kinks.covariance()
        self.counts = np.bincount(seconds)
        self.squares = np.empty((found.shape[1], len(self.counts), len(STIFFNESS)))
        self.logs = np.empty((len(self.counts), len(STIFFNESS)))
        for place, stiffness in enumerate(STIFFNESS):
            covariance = bands.copy()
            covariance[0] += 1 / stiffness
            root = cholesky_banded(covariance, lower=True)
            innovations = dtbtrs(root, found, uplo="L")[0]
            for column, values_ in enumerate(innovations.T):
                self.squares[column, :, place] = np.bincount(seconds, values_**2)
            self.logs[:, place] = np.bincount(seconds, np.log(root[0]))

    def most_likely(self, columns: list[int]) -> Noise:
        """The noise that these columns have in common."""
        squares = np.concatenate([self.squares[column] for column in columns])
        logs, counts = np.tile(self.logs, (len(columns), 1)), np.tile(self.counts, len(columns))
        variance, shares = USUAL**2, np.full(len(STIFFNESS), 1 / len(STIFFNESS))
        for _ in range(ROUNDS):
            before = variance
            odds = _log_likelihoods(squares, logs, counts, variance) + np.log(shares)
            chances = np.exp(odds - odds.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            shares = chances.mean(axis=0) + RARE
            variance = float(((chances * squares).sum() + TIMES * USUAL**2) / (counts.sum() + TIMES))
            if abs(np.log(variance / before)) < SETTLED:
                break
        of_all = _log_likelihoods(squares, logs, counts, variance).sum(axis=0)
        return Noise(variance, float(STIFFNESS[of_all.argmax()]))


def _log_likelihoods(squares: Floats, logs: Floats, counts: Ints, variance: float) -> Floats:
    return np.asarray(-squares / (2 * variance) - (counts * np.log(variance) / 2)[:, None] - logs)
