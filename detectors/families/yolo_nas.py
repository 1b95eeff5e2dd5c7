"""YOLO-NAS without post-processing: boxes ``(1, N, 4)``, xyxy in pixels of the input; scores ``(1, N, C)``."""

from __future__ import annotations

from detectors.families.base import Answer, Candidates, Family, best_classes
from detectors.families.cells import strides_of
from detectors.families.evidence import are_scores, are_shares


def recognises(answer: Answer) -> bool:
    """Two tables with a row for each cell, of which the first are boxes in pixels."""
    if [len(shape) for shape in answer.shapes] != [3, 3] or answer.shapes[0][1] != answer.shapes[1][1]:
        return False
    cells = strides_of(answer.shapes[0][1], answer.height, answer.width)
    boxes, scores = answer.arrays
    return cells is not None and boxes.shape[2] == 4 and not are_shares(boxes[0]) and are_scores(scores)


def decode(answer: Answer, conf: float) -> Candidates:
    """The cells whose best class scores at least `conf`."""
    boxes, scores = answer.arrays
    return best_classes(boxes[0], scores[0], conf)[1]


FAMILY = Family("yolo-nas", "YOLO-NAS", recognises, decode, class_count=lambda answer: answer.shapes[1][2])
