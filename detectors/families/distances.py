"""Boxes told as distances from a point to their four sides, each as a distribution over whole strides.

"Generalized Focal Loss" (Li et al., 2020), equations 3 to 6: a distance is the mean of a softmax over 0, 1, ..., R.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from detectors.families.base import Array

BINS = 8  # R + 1: what NanoDet and PicoDet are trained with


def expected(distributions: Array) -> Floats:
    """Distances ``(N, 4)`` in strides of distributions ``(N, 4 * bins)``, as logits."""
    logits = distributions.reshape(len(distributions), 4, distributions.shape[1] // 4).astype(np.float64)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(weights / weights.sum(axis=2, keepdims=True) @ np.arange(logits.shape[2]))


def around(points: Floats, distances: Floats) -> Floats:
    """xyxy boxes ``(N, 4)`` that reach so far to the left, top, right and bottom of points ``(N, 2)``."""
    return np.concatenate([points - distances[:, :2], points + distances[:, 2:]], axis=1)
