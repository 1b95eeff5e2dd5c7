"""PicoDet without post-processing, and the first NanoDet.

For each stride class scores ``(1, n, C)`` and distances ``(1, n, 32)``. Distances count from the cells' centres
(PP-PicoDet, 2021, section 2; deploy/third_engine of PaddleDetection, whose demos put pictures in as BGR by ImageNet's
mean and deviation, stretched).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import corners, sides
from detectors.families.distances import around, expected
from detectors.families.evidence import are_scores, probabilities
from detectors.families.nanodet import BGR_IMAGENET, REACH

STRIDES = (8, 16, 32, 64)


def _levels(answer: Answer) -> list[tuple[Array, Array]] | None:
    """Scores and distances ``(n, C)``, ``(n, 32)`` for each stride, the finest first; None where they are not these."""
    tables = [array[0] for array in answer.arrays if array.ndim == 3]
    if len(tables) != len(answer.outputs) or len(tables) not in (6, 8):
        return None
    levels = []
    for stride in STRIDES[: len(tables) // 2]:
        cells = int(np.prod(sides(answer.height, answer.width, stride, up=True)))
        pair = [table for table in tables if len(table) == cells]
        if len(pair) != 2 or REACH not in (pair[0].shape[1], pair[1].shape[1]):
            return None
        levels.append(_in_order(pair[0], pair[1]))
    return levels


def _in_order(first: Array, second: Array) -> tuple[Array, Array]:
    """Scores, then distances. With 32 classes, the shapes do not tell which is which."""
    turned = second.shape[1] != REACH or (first.shape[1] == REACH and are_scores(second) and not are_scores(first))
    return (second, first) if turned else (first, second)


def decode(answer: Answer, conf: float) -> Candidates:
    """The cells whose best class scores at least `conf`."""
    levels = _levels(answer)
    assert levels is not None
    scores, reaches = (np.concatenate(tables) for tables in zip(*levels, strict=True))
    points, steps = corners(answer.height, answer.width, STRIDES[: len(levels)])
    strong, found = best_classes(reaches[:, :4], probabilities(scores), conf)
    centres = points[strong] + steps[strong] / 2
    return Candidates(around(centres, expected(reaches[strong]) * steps[strong]), found.scores, found.class_ids)


def class_count(answer: Answer) -> int:
    """The columns of the scores."""
    levels = _levels(answer)
    assert levels is not None
    return int(levels[0][0].shape[1])


FAMILY = Family(
    "picodet",
    "PicoDet or NanoDet",
    recognises=lambda answer: _levels(answer) is not None,
    decode=decode,
    preprocessing=lambda _: replace(BGR_IMAGENET, fit="stretch"),
    class_count=class_count,
)
