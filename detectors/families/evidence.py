"""A look at the numbers of an answer: what its shapes alone do not tell."""

from __future__ import annotations

import numpy as np

from detectors.families.base import Array

EDGE = 1.5  # of shares of the picture: a box may reach out of it; no real box is that small in pixels
STRONG = 0.3  # a score that stands for an object
USUAL = 0.05  # of a class score where there is no object: conditional ones are mostly higher, others lower


def are_shares(boxes: Array) -> bool:
    """Are the boxes ``(N, 4)`` shares of the picture? False where there is none, or all are zero."""
    return bool(boxes.size and np.any(boxes != 0) and np.abs(boxes).max() <= EDGE)


def are_scores(values: Array) -> bool:
    """Do all values lie in [0, 1]?"""
    return bool(values.size == 0 or (values.min() >= -1e-3 and values.max() <= 1.001))


def are_ids(values: Array) -> bool:
    """Are all values whole numbers from 0 on?"""
    return bool(np.all(values >= 0) and np.all(values == np.round(values)))


def probabilities(values: Array) -> Array:
    """The values, or what the sigmoid makes of them where they are logits: scores are never beyond [0, 1]."""
    if are_scores(values):
        return values
    return np.asarray(1 / (1 + np.exp(-np.clip(values.astype(np.float64), -60, 60))))


def has_objectness(scores: Array) -> bool | None:
    """Is the first column of ``(N, 1 + C)`` an objectness, and not the score of one more class? None: nothing tells.

    An objectness is 1 throughout (YOLOv6), or high exactly where a class is high, too. Where nothing is, the class
    scores beside it are anything, as no training ever asked for them; scores of classes alone are almost 0 there.
    """
    first, rest = scores[:, 0], scores[:, 1:].max(axis=1)
    if first.size and first.min() >= 0.999:
        return True
    if rest.size and np.median(rest) > USUAL:
        return True
    strong = np.maximum(first, rest) >= STRONG
    return bool(np.mean(np.minimum(first, rest)[strong] >= STRONG) > 0.5) if np.any(strong) else None
