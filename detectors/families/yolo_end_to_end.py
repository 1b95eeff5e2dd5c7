"""Ends of YOLO models that suppress for themselves: YOLOv10 and 26, exports with ``nms=True``, YOLOv7, YOLO-NAS.

``(1, N, 6)``: x1, y1, x2, y2 in pixels of the input, score, class; the coefficients of masks or keypoints behind them.
``(N, 7)``, of a whole batch: the picture's number, x1, y1, x2, y2, then class and score (YOLOv7's export with
``--end2end``), or score and class (YOLO-NAS, flat format).
"""

from __future__ import annotations

import numpy as np

from detectors.families.base import Answer, Array, Candidates, Family
from detectors.families.cells import strides_of
from detectors.families.evidence import are_ids, are_scores, are_shares
from detectors.families.yolo import columns_behind, further, is_map


def recognises(answer: Answer) -> bool:
    """Rows of six and more, which are no cells."""
    table = answer.table
    if table is None or table.shape[1] < 6 or are_shares(table[:, :4]) or is_map(table.shape[1], answer):
        return False
    if any(strides_of(table.shape[0], answer.height, answer.width, anchors) for anchors in (1, 3)):
        return False
    return table.shape[1] == 6 or _says_so(table, answer) or _looks_so(table)


def _says_so(table: Array, answer: Answer) -> bool:
    behind = columns_behind(answer)
    return bool(behind and table.shape[1] == 6 + behind) or answer.metadata.get("end2end") == "True"


def _looks_so(table: Array) -> bool:
    return bool(np.any(table[:, :4] != 0)) and are_scores(table[:, 4]) and are_ids(table[:, 5])


def decode(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`."""
    assert answer.table is not None
    rows = answer.table[answer.table[:, 4] >= conf].astype(np.float64)
    return Candidates(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), **further(rows[:, 6:], answer))


def recognises_flat(answer: Answer) -> bool:
    """Rows of seven without a batch."""
    return len(answer.shapes) == 1 and len(answer.shapes[0]) == 2 and answer.shapes[0][1] == 7


def decode_flat(answer: Answer, conf: float) -> Candidates:
    """The rows of the first picture at or above `conf`."""
    rows = answer.arrays[0].astype(np.float64)
    rows = rows[rows[:, 0] == 0]
    score_last = are_ids(rows[:, 5]) and are_scores(rows[:, 6])
    scores, class_ids = (rows[:, 6], rows[:, 5]) if score_last else (rows[:, 5], rows[:, 6])
    strong = scores >= conf
    return Candidates.of(rows[strong, 1:5], scores[strong], class_ids[strong])


END_TO_END = Family("yolo-end2end", "YOLOv10, YOLO26 or another end-to-end YOLO", recognises, decode)
FLAT = Family("yolov7-end2end", "YOLOv7 end to end or YOLO-NAS, flat", recognises_flat, decode_flat, suppressed=True)
