"""YOLOv3, 5 and 7 with an objectness: ``(1, N, 5 + C)`` of three anchors a cell.

Centre x, centre y, width, height in pixels of the input, objectness, and each class given that there is an object
(YOLOv3's paper, section 2; the documentation of YOLOv5's exports).
"""

from __future__ import annotations

import numpy as np

from detectors.boxes import cxcywh_to_xyxy
from detectors.families.base import Answer, Candidates, Family
from detectors.families.cells import strides_of
from detectors.families.yolo import columns_behind, further

ANCHORS = 3


def recognises(answer: Answer) -> bool:
    """Three boxes for each cell."""
    table = answer.table
    return (
        table is not None
        and table.shape[1] >= 6
        and table.shape[1] >= 5 + answer.classes
        and strides_of(table.shape[0], answer.height, answer.width, ANCHORS) is not None
    )


def class_count(answer: Answer) -> int:
    """The names that are known, or what is left between the objectness and the columns behind."""
    assert answer.table is not None
    return answer.classes or max(1, answer.table.shape[1] - 5 - columns_behind(answer))


def decode(answer: Answer, conf: float) -> Candidates:
    """The boxes whose objectness times best class is at least `conf`."""
    assert answer.table is not None
    table, classes = answer.table.T, class_count(answer)
    table = table[:, table[4] >= conf]  # objectness bounds the score from above
    class_scores = table[5 : 5 + classes] * table[4]
    scores = class_scores.max(axis=0)
    strong = np.flatnonzero(scores >= conf)
    boxes = cxcywh_to_xyxy(table[:4, strong].T.astype(np.float64))
    class_ids = class_scores[:, strong].argmax(axis=0)
    return Candidates(
        boxes, scores[strong].astype(np.float64), class_ids, **further(table[5 + classes :, strong].T, answer)
    )


FAMILY = Family("yolov5", "YOLOv3, 5 or 7", recognises, decode, class_count=class_count)
