"""RT-DETR as ultralytics exports it: centre, width and height as shares of the input.

``(1, N, 4 + C)`` with class scores behind the box, or, of newer releases, ``(1, N, 6)`` with score and class.
Ultralytics stretches the picture to the input, as RT-DETR is taught (Zhao et al., 2023); its exports say what they
are. Where a file does not, the picture keeps its shape.
"""

from __future__ import annotations

import numpy as np

from detectors.boxes import cxcywh_to_xyxy
from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import strides_of
from detectors.families.evidence import are_ids, are_scores, are_shares
from detectors.families.preprocessing import Preprocessing


def recognises(answer: Answer) -> bool:
    """Boxes in shares and scores, a row for each query."""
    table = answer.table
    if table is None or len(answer.outputs) > 1 or table.shape[1] < 5:
        return False
    if strides_of(table.shape[0], answer.height, answer.width):
        return False
    if not are_shares(table[:, :4]) or not are_scores(table[:, 4]):
        return False
    return has_class_ids(table) or (are_scores(table[:, 4:]) and answer.classes in (0, table.shape[1] - 4))


def has_class_ids(table: Array) -> bool:
    """Is the last column a class? Of two classes' scores, one of which is 0 throughout, the same comes out."""
    return table.shape[1] == 6 and are_ids(table[:, 5])


def decode(answer: Answer, conf: float) -> Candidates:
    """The queries whose best class scores at least `conf`."""
    assert answer.table is not None
    table = answer.table.astype(np.float64)
    boxes = cxcywh_to_xyxy(table[:, :4] * answer.size)
    if has_class_ids(table):
        strong = table[:, 4] >= conf
        return Candidates.of(boxes[strong], table[strong, 4], table[strong, 5])
    return best_classes(boxes, table[:, 4:], conf)[1]


def class_count(answer: Answer) -> int:
    """The columns behind the box, 0 where they are score and class."""
    assert answer.table is not None
    return 0 if has_class_ids(answer.table) else answer.table.shape[1] - 4


def preprocessing(answer: Answer) -> Preprocessing:
    """RGB in [0, 1], stretched where the file says that it is RT-DETR."""
    described = (answer.metadata.get("description", "") + answer.metadata.get("head", "")).lower().replace("-", "")
    return Preprocessing("stretch" if "rtdetr" in described else "letterbox")


FAMILY = Family("rtdetr-ultralytics", "RT-DETR by ultralytics", recognises, decode, preprocessing, class_count)
