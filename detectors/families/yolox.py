"""YOLOX and YOLOv6: ``(1, N, 5 + C)``, a row a cell, with an objectness.

YOLOX, as its export script leaves it, tells offsets in cells and logarithms of sizes: ``x = (t + column) * stride``,
``w = exp(t) * stride`` (Ge et al., 2021, section 2; demo/ONNXRuntime of its repository). It takes bytes in BGR, the
picture at the top left. With ``--decode_in_inference`` it tells pixels, as YOLOv6 does, whose objectness is always 1
and whose pictures go in as YOLOv5's do. YOLOX up to 0.1.0, and ByteTrack's models, were taught with ImageNet's mean
and deviation: ``--preprocess rgb,imagenet``.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from detectors.boxes import cxcywh_to_xyxy
from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import corners, strides_of
from detectors.families.preprocessing import Preprocessing
from detectors.families.yolo import counts_objectness

MOST_LOG = 12.0  # of a size in strides: e to that is beyond any picture, and boxes of all cells are larger in pixels


def _table(answer: Answer) -> Array | None:
    """The table, if it has a row for each cell and an objectness."""
    table = answer.table
    if table is None or table.shape[1] < 6 or strides_of(table.shape[0], answer.height, answer.width) is None:
        return None
    return table if counts_objectness(table, answer) or (is_raw(table) and _may_be_scores(table)) else None


def is_raw(table: Array) -> bool:
    """Are widths and heights logarithms? False where all are zero: then there is nothing to tell."""
    return bool(np.any(table[:, 2:4] != 0) and np.abs(table[:, 2:4]).max() < MOST_LOG)


def _may_be_scores(table: Array) -> bool:
    return bool(table[:, 4:].min() >= 0 and table[:, 4:].max() <= 1)


def is_yolov6(answer: Answer) -> bool:
    """Pixels, and an object in every cell: its score is that of its class alone."""
    table = _table(answer)
    if table is None or answer.family:
        return table is not None and answer.family == "yolov6"
    return not is_raw(table) and bool(table[:, 4].min() >= 0.999)


def is_yolox(answer: Answer) -> bool:
    """Any other such table."""
    return _table(answer) is not None and not is_yolov6(answer)


def decode(answer: Answer, conf: float) -> Candidates:
    """The cells whose objectness times best class is at least `conf`."""
    assert answer.table is not None
    table = answer.table.astype(np.float64)
    class_scores = table[:, 5 : 5 + class_count(answer)] * table[:, 4:5]
    strong, found = best_classes(table[:, :4], class_scores, conf)
    boxes = _in_pixels(table[:, :4], answer)[strong] if is_raw(table) else table[strong, :4]
    return Candidates(cxcywh_to_xyxy(boxes), found.scores, found.class_ids)


def _in_pixels(boxes: Floats, answer: Answer) -> Floats:
    """Centre, width and height ``(N, 4)`` in pixels, of offsets and logarithms."""
    strides = strides_of(len(boxes), answer.height, answer.width)
    assert strides is not None
    points, steps = corners(answer.height, answer.width, strides)
    return np.concatenate([boxes[:, :2] * steps + points, np.exp(boxes[:, 2:]) * steps], axis=1)


def class_count(answer: Answer) -> int:
    """The columns behind the objectness."""
    assert answer.table is not None
    return int(answer.table.shape[1] - 5)


def preprocessing(answer: Answer) -> Preprocessing:
    """Bytes in BGR; at the top left where YOLOX's own script has named the output, as its own tools put them there.

    Where a picture lies makes no difference to what a network finds in it, only to where its answers are.
    """
    return Preprocessing("corner" if "output" in answer.outputs else "letterbox", rgb=False, std=(1.0, 1.0, 1.0))


YOLOX = Family("yolox", "YOLOX", is_yolox, decode, preprocessing, class_count)
YOLOV6 = Family("yolov6", "YOLOv6", is_yolov6, decode, class_count=class_count)
