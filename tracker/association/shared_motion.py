"""The motion that all tracks share: a jerk of the camera moves every one of them at once."""

from __future__ import annotations

import math

import numpy as np

from detectors.base import Floats

MIN_TRACKS = 4  # fewer may well move the same way by themselves
SHRINKAGE = 16.0  # squared standard errors: a shift of 4 of them is halved
MIN_SHIFT = 0.2  # pixels


def shared_shift(innovations: Floats) -> Floats | None:
    """The shift ``(2,)`` in pixels that the innovations ``(N, 2)`` of N matched tracks have in common; None if none.

    The median over the tracks, shrunk towards zero by its own uncertainty (from the median absolute deviation), so
    that the ways of single people cancel out and only what moves nearly all of them remains.
    """
    if len(innovations) < MIN_TRACKS:
        return None
    medians = _medians(innovations)
    if not _is_shift(medians):  # mostly; shrinking makes it no longer
        return None
    deviations = _medians(np.abs(innovations - medians))
    error = 1.2533 * 1.4826 / math.sqrt(len(innovations))  # of a median, for a deviation of 1: normal distribution
    shift = [_shrunk(median, error * deviation + 1e-9) for median, deviation in zip(medians, deviations, strict=True)]
    return np.array(shift) if _is_shift(shift) else None


def _is_shift(shift: list[float]) -> bool:
    return max(map(abs, shift)) >= MIN_SHIFT


def _shrunk(median: float, error: float) -> float:
    return median * median * median / (median * median + SHRINKAGE * error * error)


def _medians(values: Floats) -> list[float]:
    """The median of each column of ``(N, 2)``; for few numbers far quicker than `numpy.median`."""
    ordered = values.T.copy()
    ordered.sort()
    middle = len(values) // 2
    low, high = ordered[:, middle].tolist(), ordered[:, -1 - middle].tolist()
    return [(a + b) / 2 for a, b in zip(low, high, strict=True)]
