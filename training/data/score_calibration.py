"""Scores that mean something: a detection scored 0.7 is right seven times out of ten.

Platt scaling (Platt, "Probabilistic outputs for support vector machines", 1999): slope and shift of the logits, by
maximum likelihood on pictures that were not learnt from. A detection is right when it overlaps an object of its class
that no better one has taken, by IoU 0.5. The order of detections stays as it is, and with it their precision; but
thresholds, such as a tracker's, mean the same for every detector treated so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from detectors.base import Bools, Detections, Floats, Image
from detectors.boxes import iou_matrix
from training.data.dataset import Dataset, LabelledImage

RIGHT = 0.5  # IoU
FEWEST = 50  # right ones, and as many wrong ones: with fewer nothing is changed


def fit_scale(scores: Floats, right: Bools) -> tuple[float, float]:
    """Slope and shift of the logits of `scores` ``(N,)`` that make them the chance of being right; (1, 0) if unclear.

    Platt's own remedy against certainty is used: targets stay a little away from 0 and 1.
    """
    hits, misses = int(right.sum()), int((~right).sum())
    if min(hits, misses) < FEWEST:
        return 1.0, 0.0
    x = logit(np.clip(scores, 1e-6, 1 - 1e-6))
    targets = np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * x + parameters[1]
        wrong = expit(z) - targets
        return float(np.mean(np.logaddexp(0, z) - targets * z)), np.array([np.mean(wrong * x), np.mean(wrong)])

    slope, shift = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, None), (None, None)]
    ).x
    return float(slope), float(shift)


def outcomes(
    detect: Callable[[Image], Detections], read: Callable[[LabelledImage], Image], dataset: Dataset
) -> tuple[Floats, Bools]:
    """Scores ``(N,)`` of all detections in a data set, and which were right; those that cannot be judged left out."""
    scores, right = [np.empty(0)], [np.empty(0, dtype=bool)]
    for image in dataset.images:
        found = detect(read(image))
        for class_id in np.flatnonzero(image.labelled):
            mine = image.class_ids == class_id
            theirs = found[found.class_ids == class_id]
            hit, unclear = match(theirs, image.boxes[mine], image.difficult[mine])
            scores.append(theirs.scores[~unclear])
            right.append(hit[~unclear])
    return np.concatenate(scores), np.concatenate(right)


def match(found: Detections, boxes: Floats, difficult: Bools) -> tuple[Bools, Bools]:
    """Which detections of a class are right, and which stand on something difficult; the best are served first."""
    overlap = iou_matrix(found.boxes, boxes)
    taken = difficult.copy()
    right = np.zeros(len(found), dtype=bool)
    for row in np.argsort(-found.scores, kind="stable"):
        free = np.where(taken, 0.0, overlap[row])
        if free.size and free.max() >= RIGHT:
            right[row] = taken[free.argmax()] = True
    unclear = ~right & (overlap[:, difficult] >= RIGHT).any(axis=1)
    return right, unclear
