"""NanoDet-Plus: ``(1, N, C + 32)``, class scores and four distributions of distances for each cell.

Distances count from the cells' corners (nanodet_plus_head.py of its repository). Pictures go in as BGR by ImageNet's
mean and deviation, as the demos of its authors put them: in their shape, in the middle.
"""

from __future__ import annotations

import numpy as np

from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import corners, strides_of
from detectors.families.distances import BINS, around, expected
from detectors.families.evidence import are_scores, probabilities
from detectors.families.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

REACH = 4 * BINS  # columns
BGR_IMAGENET = Preprocessing(rgb=False, mean=IMAGENET_MEAN[::-1], std=IMAGENET_STD[::-1])


def _table(answer: Answer) -> Array | None:
    table = answer.table
    if table is None or len(answer.outputs) > 1 or table.shape[1] <= REACH:
        return None
    return table if strides_of(table.shape[0], answer.height, answer.width) else None


def recognises(answer: Answer) -> bool:
    """Scores in front, and behind them numbers that are none."""
    table = _table(answer)
    return table is not None and _is_small(table[:, :4]) and not are_scores(table[:, -REACH:])


def _is_small(columns: Array) -> bool:
    return bool(columns.min() >= 0 and columns.max() <= 1)


def decode(answer: Answer, conf: float) -> Candidates:
    """The cells whose best class scores at least `conf`."""
    table = answer.table
    assert table is not None
    strides = strides_of(len(table), answer.height, answer.width)
    assert strides is not None
    strong, found = best_classes(table[:, :4], probabilities(table[:, :-REACH]), conf)
    points, steps = (each[strong] for each in corners(answer.height, answer.width, strides))
    boxes = around(points, expected(table[strong, -REACH:]) * steps)
    return Candidates(np.asarray(boxes), found.scores, found.class_ids)


def class_count(answer: Answer) -> int:
    """The columns in front of the distances."""
    assert answer.table is not None
    return int(answer.table.shape[1] - REACH)


FAMILY = Family("nanodet-plus", "NanoDet-Plus", recognises, decode, lambda _: BGR_IMAGENET, class_count)
