"""Outputs of their own for boxes, scores and classes: found by their names, or else by their types and shapes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.base import Bools
from detectors.families.base import Answer, Array, Candidates


class Columns(NamedTuple):
    """boxes: ``(N, 4)``. scores, class_ids: ``(N,)``. batched: whether the outputs had a batch."""

    boxes: Array
    scores: Array
    class_ids: Array
    batched: bool

    def candidates(self, boxes: Array, conf: float) -> Candidates:
        """The rows at or above `conf`, with these boxes ``(N, 4)``, xyxy in pixels of the input."""
        strong: Bools = self.scores >= conf
        return Candidates.of(boxes[strong], self.scores[strong], self.class_ids[strong])


def find_columns(answer: Answer) -> Columns | None:
    """The three outputs, and a fourth that counts the rows where there is one; None where they are not these."""
    named = {name.split(":")[0].lower(): array for name, array in answer.outputs.items() if "raw_" not in name}
    boxes = [array for name, array in named.items() if array.ndim in (2, 3) and array.shape[-1] == 4]
    flat = {name: array for name, array in named.items() if boxes and array.shape == boxes[0].shape[:-1]}
    whole = [name for name in flat if np.issubdtype(flat[name].dtype, np.integer)]
    classes = next((name for name in flat if "label" in name or "class" in name), whole[0] if whole else None)
    others = [name for name in flat if name != classes and name not in whole]
    scores = next((name for name in others if "score" in name), others[0] if others else None)
    if classes is None or scores is None:
        return None
    batched = boxes[0].ndim == 3
    if not batched:
        return Columns(boxes[0], flat[scores], flat[classes], batched)
    kept = counted(answer)
    return Columns(boxes[0][0][:kept], flat[scores][0][:kept], flat[classes][0][:kept], batched)


def counted(answer: Answer) -> int | None:
    """The number of rows that count, where an output tells it."""
    counts = [array for name, array in answer.outputs.items() if "num_" in name.lower() and array.size]
    return max(0, int(counts[0].ravel()[0])) if counts else None
