"""From numbers to shades, even or logarithmic, with round numbers to write beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10

import numpy as np

from detectors.base import Floats
from tracker.maps.layers import Grid

UNEVEN = 12.0  # times what is usual that the largest is: beyond that, an even scale would show it alone
RANGE = 300.0  # of a logarithmic scale: the largest over the smallest that is shown
ROUND_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400, 259200, 864000)
ROUND_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
STEPS = 5  # between the numbers of an even scale, at most


@dataclass(frozen=True)
class ColourScale:
    """low, high: the numbers of the first and the last shade. logarithmic: whether equal steps are equal factors."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def fit(cls, values: Grid, least: float) -> ColourScale:
        """A scale for values of which those below `least` count as nothing."""
        there = values[values >= least]
        if not there.size:
            return cls(0.0, max(least, 1e-9), False)
        high = float(there.max())
        if high <= UNEVEN * float(np.median(there)):
            return cls(0.0, high, False)
        return cls(max(least, high / RANGE), high, True)

    def shares(self, values: Grid) -> Floats:
        """From 0 for the first shade to 1 for the last; less than 0 for what is not shown."""
        if not self.logarithmic:
            return np.asarray(np.where(values > 0, values / self.high, -1.0), np.float64)
        share = np.log(np.maximum(values, 1e-12) / self.low) / np.log(self.high / self.low)
        return np.asarray(np.minimum(share, 1.0), np.float64)

    def marks(self, round_numbers: tuple[float, ...], shown: Callable[[float], str]) -> list[tuple[float, str]]:
        """Shares of the scale, with what to write there."""
        if not self.logarithmic:
            step = round_up(self.high / STEPS)
            return [(step * k / self.high, shown(step * k)) for k in range(STEPS + 1) if step * k <= self.high * 1.001]
        numbers = [number for number in round_numbers if self.low <= number <= self.high]
        return [(float(self.shares(np.array([number], np.float32))[0]), shown(number)) for number in numbers]


def duration(seconds: float) -> str:
    """Seconds with the unit that suits them."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.2g} s"


def round_up(number: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... and of their tenths."""
    size = float(10 ** floor(log10(number)))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= number * 0.999)
