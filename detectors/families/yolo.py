"""YOLOv8, 9, 11, 12 and 26 without their end-to-end head, with the classes' scores alone.

``(1, 4 + C, N)``: centre x, centre y, width, height in pixels of the input, then a score for each class, for each of N
cells; also on its side, ``(1, N, 4 + C)``. A segmentation export has the coefficients of its masks behind them and the
prototypes ``(1, M, H, W)`` as a second output, a pose export K keypoints. (Ultralytics' documentation of its exports.)
"""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from detectors.boxes import cxcywh_to_xyxy
from detectors.families.base import Answer, Array, Candidates, Family
from detectors.families.cells import STRIDES, TINY, strides_of
from detectors.families.evidence import are_scores, are_shares, has_objectness
from detectors.metadata import literal

COCO = 80  # classes
KEY = "yolo"


def upright(answer: Answer) -> Array | None:
    """The table as ``(4 + C + more, N)``; None where it is no such table."""
    table = answer.table
    if table is None or table.shape[0] < 5:
        return None
    if is_map(table.shape[1], answer):
        return table if table.shape[0] >= 4 + answer.classes else None
    if table.shape[1] < 5 or strides_of(table.shape[0], answer.height, answer.width) is None:
        return None
    return table.T if counts_objectness(table, answer) is False else None


def is_map(columns: int, answer: Answer) -> bool:
    """Is that the number of an input's cells?"""
    return strides_of(columns, answer.height, answer.width, among=(*STRIDES, *TINY)) is not None


def counts_objectness(table: Array, answer: Answer) -> bool | None:
    """Has ``(N, 4 + C)`` or ``(N, 5 + C)``, a row a cell, an objectness in column 4? None where nothing tells."""
    if answer.family:
        return answer.family != KEY
    behind = table.shape[1] - 4
    more = columns_behind(answer)
    if not are_scores(table[:, 4 : table.shape[1] - more]) or table.shape[1] < 6:
        return False if table.shape[1] == 5 and are_scores(table[:, 4:]) else None
    if answer.classes and behind - more in (answer.classes, answer.classes + 1):
        return bool(behind - more == answer.classes + 1)
    told = has_objectness(table[:, 4:])
    return bool(behind == COCO + 1) if told is None and behind in (COCO, COCO + 1) else told


def columns_behind(answer: Answer) -> int:
    """How many columns there are behind the classes: of masks' coefficients, or of keypoints."""
    prototypes = [shape[1] for shape in answer.shapes[1:] if len(shape) == 4]
    return prototypes[0] if prototypes else int(np.prod(keypoint_shape(answer))) if _is_pose(answer) else 0


def _is_pose(answer: Answer) -> bool:
    return answer.metadata.get("task") == "pose"


def keypoint_shape(answer: Answer) -> tuple[int, int]:
    """How many keypoints of how many numbers each a pose export tells; COCO's 17 where it does not say."""
    shape = literal(answer.metadata, "kpt_shape", (17, 3))
    try:
        count, numbers = (int(each) for each in shape)
        return (count, numbers) if 0 < count < 1000 and numbers in (2, 3) else (17, 3)
    except (TypeError, ValueError):
        return (17, 3)


def keypoints_of(columns: Array, answer: Answer) -> Floats:
    """Keypoints ``(N, K, 3)`` out of columns ``(N, K * 2)`` or ``(N, K * 3)``; without a third number all are seen."""
    points = columns.reshape(len(columns), *keypoint_shape(answer)).astype(np.float64)
    seen = points[:, :, 2:] if points.shape[2] == 3 else np.ones((*points.shape[:2], 1))
    return np.concatenate([points[:, :, :2], np.clip(seen, 0, 1)], axis=2)


def further(columns: Array, answer: Answer) -> dict[str, Array | None]:
    """What the columns ``(N, M)`` behind the classes are."""
    if _is_pose(answer) and columns.shape[1] == np.prod(keypoint_shape(answer)):
        return {"keypoints": keypoints_of(columns, answer)}
    maps = [each for each in answer.arrays[1:] if each.ndim == 4 and each.shape[1] == columns.shape[1]]
    return {"coefficients": columns.astype(np.float64), "prototypes": maps[0][0]} if maps else {}


def class_count(answer: Answer) -> int:
    """The names that are known, or what is left between the box and the columns behind."""
    table = upright(answer)
    assert table is not None
    return answer.classes or max(1, table.shape[0] - 4 - columns_behind(answer))


def decode(answer: Answer, conf: float) -> Candidates:
    """The cells whose best class scores at least `conf`."""
    table = upright(answer)
    assert table is not None
    classes = class_count(answer)
    class_scores = table[4 : 4 + classes]
    scores = class_scores.max(axis=0)
    strong = np.flatnonzero(scores >= conf)
    boxes = cxcywh_to_xyxy(table[:4, strong].T.astype(np.float64))
    boxes = boxes * answer.size if are_shares(table[:4].T) else boxes
    class_ids = class_scores[:, strong].argmax(axis=0)
    columns = table[4 + classes :, strong].T
    return Candidates(boxes, scores[strong].astype(np.float64), class_ids, **further(columns, answer))


FAMILY = Family(
    KEY,
    "YOLOv8, 9, 11, 12 or 26",
    recognises=lambda answer: upright(answer) is not None,
    decode=decode,
    class_count=class_count,
)
