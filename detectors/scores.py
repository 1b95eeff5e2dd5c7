"""Scores as other programs write them, as numbers from 0 to 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]

ROUNDING = 1e-3  # half precision steps by that much around 1
PERCENT = (50.0, 100.0)  # where the best score of a file of percentages lies; it is rarely worse than that


def without_rounding(scores: Scores) -> Scores:
    """The same ``(N,)``, those that only rounding has put outside of [0, 1] put back."""
    if not np.count_nonzero((scores < 0) | (scores > 1)):  # mostly
        return scores
    near = (scores >= -ROUNDING) & (scores <= 1 + ROUNDING)
    return np.where(near, np.clip(scores, 0.0, 1.0), scores)


def are_percentages(scores: Scores) -> bool:
    """Whether scores ``(N,)`` are percentages: none is negative, and the best is between 50 and 100."""
    low, high = PERCENT
    return len(scores) > 0 and bool(scores.min() >= 0 and low < scores.max() <= high)


def rescaled(scores: Scores) -> Scores:
    """Scores ``(N,)`` of any range, mapped to [0, 1].

    Percentages become shares, and others shares of the highest score: 0 stays 0, so that the worst of good scores is
    not lost. Where there are negative ones, their whole range is mapped. Equal scores are certain.
    """
    if are_percentages(scores):
        return np.asarray(scores / 100)
    halves = scores / 2  # the difference of two numbers at the ends of the range overflows, that of halves does not
    low, high = min(halves.min(initial=0.0), 0.0), halves.max(initial=-np.inf)
    return np.asarray((halves - low) / (high - low)) if high > low else np.ones_like(scores)
