"""The motion that all tracks share: a jerk of the camera moves every one of them at once."""

from __future__ import annotations

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
    median = _median(innovations)
    if np.abs(median).max() < MIN_SHIFT:  # mostly; shrinking makes it no longer
        return None
    deviation = 1.4826 * _median(np.abs(innovations - median))  # a standard deviation, if normal
    error = 1.2533 * deviation / np.sqrt(len(innovations)) + 1e-9  # of a median
    shift = np.asarray(median**3 / (median**2 + SHRINKAGE * error**2))
    return shift if np.abs(shift).max() >= MIN_SHIFT else None


def _median(values: Floats) -> Floats:
    """The median of each column of ``(N, 2)``; for few numbers far quicker than `numpy.median`."""
    ordered = values.T.copy()
    ordered.sort()
    middle = len(values) // 2
    return np.asarray((ordered[:, middle] + ordered[:, -1 - middle]) / 2)
