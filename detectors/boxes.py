"""Pure NumPy on boxes of shape (N, 4)."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats, Ints


def areas(boxes: Floats) -> Floats:
    """Areas ``(N,)`` in square pixels of xyxy boxes ``(N, 4)``."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def overlap_areas(a: Floats, b: Floats) -> Floats:
    """Areas ``(N, M)`` of the intersections of xyxy boxes ``(N, 4)`` and ``(M, 4)``."""
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    return np.asarray(np.maximum(width, 0.0) * np.maximum(height, 0.0))


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union ``(N, M)`` of xyxy boxes ``(N, 4)`` and ``(M, 4)``; 0 for two boxes without area."""
    overlap = overlap_areas(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - overlap
    return np.asarray(overlap / np.where(union > 0, union, 1.0))


def nms(boxes: Floats, scores: Floats, iou: float, class_ids: Ints | None = None) -> Ints:
    """Greedy non-maximum suppression.

    boxes: ``(N, 4)`` xyxy. scores: ``(N,)``. class_ids: ``(N,)``; only boxes of the same class suppress each other;
    None suppresses across classes. A box goes when its IoU with a better one that stays is greater than `iou`.

    Returns the indices of the boxes that stay, best first; of equal scores the earlier row counts as the better.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        rival = iou_matrix(boxes[best : best + 1], boxes[order])[0] > iou
        if class_ids is not None:
            rival &= class_ids[order] == class_ids[best]
        order = order[~rival]
    return np.asarray(kept, dtype=np.int64)


def clip(boxes: Floats, width: float, height: float) -> Floats:
    """xyxy boxes ``(N, 4)`` cut off at the borders of a ``width`` x ``height`` picture; may become empty."""
    return np.clip(boxes, 0.0, np.array([width, height, width, height], dtype=np.float64))


def xyxy_to_tlwh(boxes: Floats) -> Floats:
    """``(N, 4)`` x1, y1, x2, y2 -> left, top, width, height."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def tlwh_to_xyxy(boxes: Floats) -> Floats:
    """``(N, 4)`` left, top, width, height -> x1, y1, x2, y2."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def xyxy_to_cxcywh(boxes: Floats) -> Floats:
    """``(N, 4)`` x1, y1, x2, y2 -> centre x, centre y, width, height."""
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def cxcywh_to_xyxy(boxes: Floats) -> Floats:
    """``(N, 4)`` centre x, centre y, width, height -> x1, y1, x2, y2."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
