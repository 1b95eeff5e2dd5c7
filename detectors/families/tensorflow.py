"""SSD, EfficientDet and others out of TensorFlow's Object Detection API: NMS inside, boxes as shares.

``detection_boxes (1, N, 4)``: y1, x1, y2, x2; ``detection_scores``, ``detection_classes`` from 1, ``num_detections``
(the API's exporter). EfficientDet's own exporter answers ``(1, N, 7)``: the picture's number, y1, x1, y2, x2 in pixels
of the input, score, class from 1. They take bytes in RGB, channels last, and scale for themselves.
"""

from __future__ import annotations

import numpy as np

from detectors.families.base import Answer, Candidates, Family
from detectors.families.columns import find_columns
from detectors.families.evidence import are_ids, are_scores
from detectors.families.preprocessing import Preprocessing

XYXY = [1, 0, 3, 2]  # columns of y1, x1, y2, x2
BYTES = Preprocessing("whole", std=(1.0, 1.0, 1.0))


def recognises(answer: Answer) -> bool:
    """The API's names."""
    return any("detection_boxes" in name for name in answer.outputs) and find_columns(answer) is not None


def decode(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`."""
    columns = find_columns(answer)
    assert columns is not None
    return columns.candidates(columns.boxes[:, XYXY] * answer.size, conf)


def recognises_rows(answer: Answer) -> bool:
    """Rows of seven: number, box, score, class."""
    table = answer.table
    if table is None or len(answer.outputs) > 1 or table.shape[1] != 7 or not len(table):
        return False
    return are_ids(table[:, 6]) and are_scores(table[:, 5]) and len(np.unique(table[:, 0])) == 1


def decode_rows(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`."""
    assert answer.table is not None
    rows = answer.table[answer.table[:, 5] >= conf]
    return Candidates.of(rows[:, 1:5][:, XYXY], rows[:, 5], rows[:, 6])


TENSORFLOW = Family(
    "tensorflow",
    "SSD, EfficientDet or another of TensorFlow's",
    recognises,
    decode,
    lambda _: BYTES,
    first_class=1,
    suppressed=True,
)
EFFICIENTDET = Family(
    "efficientdet",
    "EfficientDet",
    recognises_rows,
    decode_rows,
    lambda _: BYTES,
    first_class=1,
    suppressed=True,
)
