"""Box geometry in pure NumPy: areas, overlaps, IoU, non-maximum suppression, coordinate formats."""

from __future__ import annotations

import numpy as np

from detectors import limits
from detectors.base import Floats, Ints

AT_ONCE = 1000  # boxes that are compared with all others at a time: thousands upon one another would fill the memory
FEW_PAIRS = 2500  # pairs of boxes; up to that many, comparing all costs less than sorting


def edges(boxes: Floats) -> Floats:
    """x1, y1, x2, y2, ``(4, N)``, of xyxy boxes ``(N, 4)``.

    In this order each coordinate is contiguous, and NumPy computes with it several times as fast.
    """
    return np.ascontiguousarray(boxes.T)


def areas(boxes: Floats) -> Floats:
    """Areas ``(N,)`` in square pixels of xyxy boxes ``(N, 4)``."""
    return areas_within(edges(boxes))


def areas_within(a: Floats) -> Floats:
    """Areas ``(N,)`` of boxes whose edges are `a` ``(4, N)``."""
    width, height = a[2:] - a[:2]
    return np.asarray(width * height)


def overlap_areas(a: Floats, b: Floats) -> Floats:
    """Areas ``(N, M)`` of the intersections of xyxy boxes ``(N, 4)`` and ``(M, 4)``."""
    return _overlaps(edges(a), edges(b))


def _overlaps(a: Floats, b: Floats) -> Floats:
    """Areas ``(N, M)`` of the intersections of boxes with edges ``(4, N)`` and ``(4, M)``."""
    sides = np.minimum(a[2:, :, None], b[2:, None]) - np.maximum(a[:2, :, None], b[:2, None])
    width, height = np.maximum(sides, 0.0)
    return np.asarray(width * height)


def overlapping_pairs(a: Floats, b: Floats) -> tuple[Ints, Ints, Floats]:
    """Rows ``(K,)`` of the xyxy boxes `a` ``(N, 4)`` and `b` ``(M, 4)`` that overlap, in no order, and their overlaps.

    These are the entries of `overlap_areas` that are not 0, usually few. Of many boxes, only those that overlap in x
    are compared, so that the cost does not grow with N * M.
    """
    return overlapping_edges(edges(a), edges(b))


def overlapping_edges(a: Floats, b: Floats) -> tuple[Ints, Ints, Floats]:
    """As `overlapping_pairs`, of boxes with edges ``(4, N)`` and ``(4, M)``."""
    if a.shape[1] * b.shape[1] <= FEW_PAIRS:
        shared = _overlaps(a, b)
        rows, columns = shared.nonzero()
        return rows, columns, shared[rows, columns]
    return _of_those(a, b, *_side_by_side(a[0], a[2], b[0], b[2]))


def _of_those(a: Floats, b: Floats, rows: Ints, columns: Ints) -> tuple[Ints, Ints, Floats]:
    """The pairs ``(K,)`` of boxes with edges ``(4, N)`` and ``(4, M)`` that overlap, and their overlaps."""
    high = np.minimum(a[3][rows], b[3][columns]) - np.maximum(a[1][rows], b[1][columns])
    touching = (high > 0).nonzero()[0]
    rows, columns, high = rows[touching], columns[touching], high[touching]
    wide = np.minimum(a[2][rows], b[2][columns]) - np.maximum(a[0][rows], b[0][columns])
    shared = wide * high
    touching = (shared > 0).nonzero()[0]
    return rows[touching], columns[touching], shared[touching]


def overlaps_among(boxes: Floats) -> tuple[Ints, Ints, Floats]:
    """As `overlapping_pairs`, of the xyxy boxes ``(N, 4)`` with each other, not with themselves."""
    own = edges(boxes)
    if len(boxes) ** 2 <= FEW_PAIRS:
        areas_shared = _overlaps(own, own)
        areas_shared.ravel()[:: len(boxes) + 1] = 0.0  # the diagonal
        rows, columns = areas_shared.nonzero()
        return rows, columns, areas_shared[rows, columns]
    order = own[0].argsort()
    own = own.take(order, axis=1)
    begun, inside = _runs(np.arange(1, len(order) + 1), own[0].searchsorted(own[2]))  # those that begin inside of it
    rows, columns, shared = _of_those(own, own, begun, inside)
    rows, columns = order[rows], order[columns]
    return np.concatenate([rows, columns]), np.concatenate([columns, rows]), np.concatenate([shared, shared])


def _side_by_side(a1: Floats, a2: Floats, b1: Floats, b2: Floats) -> tuple[Ints, Ints]:
    """Which of the N intervals `a1` to `a2` and M intervals `b1` to `b2` overlap: one begins inside the other."""
    a_order, b_order = a1.argsort(), b1.argsort()
    a_sorted, b_sorted = a1[a_order], b1[b_order]
    a_rows, in_a = _runs(b_sorted.searchsorted(a1), b_sorted.searchsorted(a2))
    b_rows, in_b = _runs(a_sorted.searchsorted(b1, side="right"), a_sorted.searchsorted(b2))
    return np.concatenate([a_rows, a_order[in_b]]), np.concatenate([b_order[in_a], b_rows])


def _runs(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """All integers of the ranges ``start:stop``, and the row of the range that each is from."""
    count = np.maximum(stop - start, 0)
    row = np.arange(len(count)).repeat(count)
    return row, np.arange(len(row)) + (start - (count.cumsum() - count)).repeat(count)


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union ``(N, M)`` of xyxy boxes ``(N, 4)`` and ``(M, 4)``; 0 for two boxes without area."""
    overlap = overlap_areas(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - overlap
    return np.asarray(overlap / np.where(union > 0, union, 1.0))


ONE_OBJECT = 0.85
"""IoU from which two boxes are one object under two names, such as a bicycle and a motorcycle."""
SMALLEST_VOTE = 1e-9  # of a box with the score 0: it still says where it is, if nobody else does
SAME_VIEW = 0.8
"""IoU from which a weaker box shows the same object just as well; from less, people's boxes are drawn to neighbours."""


def nms(
    boxes: Floats, scores: Floats, iou: float, class_ids: Ints | None = None, other_classes_iou: float = 1.0
) -> Ints:
    """Greedy non-maximum suppression.

    boxes: ``(N, 4)`` xyxy. scores: ``(N,)``. class_ids: ``(N,)``; boxes of the same class suppress each other, those of
    different ones only above `other_classes_iou`; None suppresses across classes. A box goes when its IoU with a better
    one that stays is greater than `iou`.

    Returns the indices of the boxes that stay, best first; of equal scores the earlier row counts as the better. Of
    more than `limits.CANDIDATES`, the weaker ones go at once: each may have to be compared with each.
    """
    if len(boxes) < 2:
        return np.arange(len(boxes))
    order = np.argsort(-scores, kind="stable")[: limits.CANDIDATES]
    ordered = None if class_ids is None else class_ids[order]
    better, worse = _rivals(boxes[order], iou, ordered, other_classes_iou)
    kept, open_ = np.zeros(len(order), dtype=bool), np.ones(len(order), dtype=bool)
    while open_.any():  # each round settles all boxes without an undecided better rival, so there are few rounds
        before = open_[better]
        waiting = np.zeros(len(order), dtype=bool)
        waiting[worse[before]] = True
        sure = open_ & ~waiting
        kept |= sure
        open_ &= waiting
        open_[worse[sure[better]]] = False
    return order[kept]


def _rivals(boxes: Floats, iou: float, class_ids: Ints | None, other_classes_iou: float) -> tuple[Ints, Ints]:
    """Rows ``(K,)`` and later rows ``(K,)`` of boxes that do not both stay."""
    area, found = areas(boxes), []
    for start in range(0, max(len(boxes), 1), AT_ONCE):
        rows, columns, shared = overlapping_pairs(boxes[start : start + AT_ONCE], boxes)
        rows += start
        later = rows < columns
        rows, columns, shared = rows[later], columns[later], shared[later]
        limit: float | Floats = iou
        if class_ids is not None:
            limit = np.where(class_ids[rows] == class_ids[columns], iou, other_classes_iou)
        rival = shared / (area[rows] + area[columns] - shared) > limit
        found.append((rows[rival], columns[rival]))
    better, worse = zip(*found, strict=True)
    return np.concatenate(better), np.concatenate(worse)


def vote(boxes: Floats, scores: Floats, kept: Ints, class_ids: Ints) -> Floats:
    """Where those boxes ``(K, 4)`` stand that suppression has kept, when the ones around them are heard, too.

    boxes: ``(N, 4)`` xyxy; scores, class_ids: ``(N,)``; kept: ``(K,)`` rows, as from `nms`. Several cells see the same
    object, each with its own error. A box votes, with the weight of its score, for the kept one of its class that it
    overlaps most, by `SAME_VIEW` at least; each stands where the mean of its votes is (box voting: Gidaris and
    Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN model", 2015, section 5).
    """
    area = areas(boxes)
    rows, columns, shared = overlapping_pairs(boxes[kept], boxes)
    overlap = shared / (area[kept][rows] + area[columns] - shared)
    same = (overlap >= SAME_VIEW) & (class_ids[kept][rows] == class_ids[columns])
    rows, columns, overlap = rows[same], columns[same], overlap[same]
    choice = np.full(len(boxes), -1)
    order = np.argsort(overlap, kind="stable")
    choice[columns[order]] = rows[order]  # the last one written overlaps most
    choice[kept] = np.arange(len(kept))
    voters = np.flatnonzero(choice >= 0)
    weights = np.maximum(scores[voters], SMALLEST_VOTE)
    total = np.bincount(choice[voters], weights, len(kept))
    sums = [np.bincount(choice[voters], weights * boxes[voters, side], len(kept)) for side in range(4)]
    return np.asarray(np.stack(sums, axis=1) / total[:, None])


def clip(boxes: Floats, width: float, height: float) -> Floats:
    """xyxy boxes ``(N, 4)`` cut off at the borders of a ``width`` x ``height`` picture; may become empty."""
    return np.clip(boxes, 0.0, np.array([width, height, width, height], dtype=np.float64))


def expand(boxes: Floats, share: float) -> Floats:
    """xyxy boxes ``(N, 4)``, moved outwards on each of their four sides by a share of their width or height."""
    margin = share * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


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
