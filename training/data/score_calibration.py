"""Scores that mean something: a detection scored 0.7 is right seven times out of ten.

Platt scaling (Platt, "Probabilistic outputs for support vector machines", 1999): slope and shift of the logits, by
maximum likelihood on pictures that were not learnt from, for each class that they show often enough: a detector may be
timid about cars and boastful about trucks. A detection is right when it overlaps an object of its class that no better
one has taken. The order of a class's detections stays as it is, and with it their precision; but thresholds, such as a
tracker's, mean the same for every detector treated so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from detectors.base import Bools, Detections, Floats, Image, Ints
from detectors.boxes import iou_matrix
from training.data.dataset import Dataset, LabelledImage

RIGHT = 0.5  # IoU
FEWEST = 50  # right ones, and as many wrong ones: with fewer nothing is changed
FEWEST_OF_CLASS = 15  # the same for one class: with fewer it is taken to be as all classes together


class Outcomes(NamedTuple):
    """All detections in a data set that can be judged. scores ``(N,)``, right ``(N,)``, class_ids ``(N,)``."""

    scores: Floats
    right: Bools
    class_ids: Ints


def fit_scales(outcomes: Outcomes, classes: int) -> tuple[Floats, Floats]:
    """Slopes ``(classes,)`` and shifts ``(classes,)`` of the logits that make scores the chance of being right."""
    table = np.tile(fit_scale(outcomes.scores, outcomes.right), (classes, 1))
    for class_id in range(classes):
        own = outcomes.class_ids == class_id
        if is_clear(outcomes.right[own], FEWEST_OF_CLASS):
            table[class_id] = _fit(outcomes.scores[own], outcomes.right[own])
    return table[:, 0], table[:, 1]


def is_clear(right: Bools, fewest: int) -> bool:
    """Are there enough outcomes ``(N,)`` of both kinds?"""
    return min(int(right.sum()), int((~right).sum())) >= fewest


def fit_scale(scores: Floats, right: Bools) -> tuple[float, float]:
    """Slope and shift of the logits of `scores` ``(N,)`` that make them the chance of being right; (1, 0) if unclear.

    Platt's own remedy against certainty is used: targets stay a little away from 0 and 1.
    """
    return _fit(scores, right) if is_clear(right, FEWEST) else (1.0, 0.0)


def _fit(scores: Floats, right: Bools) -> tuple[float, float]:
    hits, misses = int(right.sum()), int((~right).sum())
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
    detect: Callable[[Image], Detections],
    read: Callable[[LabelledImage], Image],
    dataset: Dataset,
    overlap: float = RIGHT,
) -> Outcomes:
    """Which detections in a data set were right, by at least so much overlap (IoU)."""
    scores, right, class_ids = [np.empty(0)], [np.empty(0, dtype=bool)], [np.empty(0, dtype=np.int64)]
    for image in dataset.images:
        found = detect(read(image))
        for class_id in np.flatnonzero(image.labelled):
            mine = image.class_ids == class_id
            theirs = found[found.class_ids == class_id]
            hit, unclear = match(theirs, image.boxes[mine], image.difficult[mine], overlap)
            scores.append(theirs.scores[~unclear])
            right.append(hit[~unclear])
            class_ids.append(theirs.class_ids[~unclear])
    return Outcomes(np.concatenate(scores), np.concatenate(right), np.concatenate(class_ids))


def match(found: Detections, boxes: Floats, difficult: Bools, least: float = RIGHT) -> tuple[Bools, Bools]:
    """Which detections of a class are right, by an IoU of at least `least`, and which stand on something difficult.

    The best are served first.
    """
    overlap = iou_matrix(found.boxes, boxes)
    taken = difficult.copy()
    right = np.zeros(len(found), dtype=bool)
    for row in np.argsort(-found.scores, kind="stable"):
        free = np.where(taken, 0.0, overlap[row])
        if free.size and free.max() >= least:
            right[row] = taken[free.argmax()] = True
    unclear = ~right & (overlap[:, difficult] >= RIGHT).any(axis=1)
    return right, unclear
