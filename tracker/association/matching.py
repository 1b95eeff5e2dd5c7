"""Costs, gates and assignment: arrays in, index pairs out. Nothing here knows what a track is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.base import Floats, Ints
from detectors.boxes import iou_matrix

CHI_SQUARE_95 = 9.4877  # 0.95 quantile of the chi-square distribution with 4 degrees of freedom (DeepSORT, section 2.2)
CLASS_CHANGE = 0.3  # a detector that changes its mind about a class keeps the box, so a change needs a better overlap


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of N rows and M columns that may match, each at most once, and what each is worth.

    rows, columns, worth: ``(K,)``. shape: N and M.
    """

    rows: Ints
    columns: Ints
    worth: Floats
    shape: tuple[int, int]

    @classmethod
    def of(cls, worth: Floats, least: float) -> Pairs:
        """The entries of a matrix ``(N, M)`` that are worth at least that much."""
        rows, columns = np.nonzero(worth >= least)
        return cls(rows, columns, worth[rows, columns], (worth.shape[0], worth.shape[1]))

    def __getitem__(self, which: Any) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.rows[which], self.columns[which], self.worth[which], self.shape)

    def matrix(self) -> Floats:
        """What each pair is worth, ``(N, M)``; minus infinity where none is possible."""
        worth = np.full(self.shape, -np.inf)
        worth[self.rows, self.columns] = self.worth
        return worth


def assign(cost: Floats, limit: float) -> Ints:
    """The pairs of rows and columns that match, so that all matches together lie as far below `limit` as can be.

    cost: ``(N, M)``; a pair that costs `limit` or more, or infinitely much, never matches. A match is worth
    ``limit - cost``: two poor matches do not push out one good one, as they do where the number of matches counts
    first. Returns ``(K, 2)`` row and column indices, rows ascending.

    The Hungarian method (Kuhn 1955), on the rows and columns that have a possible partner.
    """
    worth = np.maximum(limit - cost, 0.0)
    possible = worth > 0
    rows, columns = np.flatnonzero(possible.any(axis=1)), np.flatnonzero(possible.any(axis=0))
    if not rows.size:
        return np.empty((0, 2), dtype=np.int64)
    i, j = _least_total(-worth[np.ix_(rows, columns)])
    pairs = np.stack([rows[i], columns[j]], axis=1)
    return pairs[possible[pairs[:, 0], pairs[:, 1]]]


def assign_then_gate(cost: Floats, limit: float) -> Ints:
    """SORT's way (Bewley et al. 2016, section 3.3): the least total cost of all, then reject what costs over `limit`.

    cost: ``(N, M)``; what costs 1 or more, no overlap, counts as 1 in the sum. Returns as `assign`.
    """
    i, j = _least_total(np.minimum(cost, 1.0))
    pairs = np.stack([i, j], axis=1)
    return pairs[cost[i, j] <= limit]


def _least_total(cost: Floats) -> tuple[Ints, Ints]:
    """Rows and columns of the assignment of ``(N, M)`` with the least sum."""
    # Imported here because the default tracker never comes this way, and SciPy takes longer to load than all the rest.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return rows, columns


def mutual_best(pairs: Pairs) -> Ints:
    """The pairs of rows and columns that are each other's best, then again without them, until none is left.

    Returns ``(K, 2)`` row and column indices, rows ascending. Of pairs that are worth the same the one of the lower row
    comes first, then that of the lower column.

    Unlike the Hungarian method it never gives up a pair that both sides prefer to save a third party, which in a crowd
    passes one wrong match on to all neighbours. It is the greedy choice by worth, a round at a time.
    """
    order = np.lexsort((pairs.columns, pairs.rows, -pairs.worth))
    rows, columns = pairs.rows[order], pairs.columns[order]
    best_of_row, best_of_column = np.empty(pairs.shape[0], np.int64), np.empty(pairs.shape[1], np.int64)
    free_rows, free_columns = np.ones(pairs.shape[0], dtype=bool), np.ones(pairs.shape[1], dtype=bool)
    found_rows, found_columns = [rows[:0]], [columns[:0]]
    while rows.size:
        rank = np.arange(len(rows))
        best_of_row[rows[::-1]] = rank[::-1]  # the last to write is the first in rank
        best_of_column[columns[::-1]] = rank[::-1]
        mutual = (best_of_row[rows] == rank) & (best_of_column[columns] == rank)
        chosen_rows, chosen_columns = rows[mutual], columns[mutual]
        found_rows.append(chosen_rows)
        found_columns.append(chosen_columns)
        free_rows[chosen_rows] = False
        free_columns[chosen_columns] = False
        left = free_rows[rows] & free_columns[columns]
        rows, columns = rows[left], columns[left]
    chosen_rows, chosen_columns = np.concatenate(found_rows), np.concatenate(found_columns)
    order = np.argsort(chosen_rows)
    return np.asarray(np.stack([chosen_rows[order], chosen_columns[order]], axis=1))


def iou_cost(boxes_a: Floats, boxes_b: Floats) -> Floats:
    """1 - IoU, ``(N, M)``, of xyxy boxes ``(N, 4)`` and ``(M, 4)``; infinite where they do not touch."""
    iou = iou_matrix(boxes_a, boxes_b)
    return np.where(iou > 0, 1.0 - iou, np.inf)


def class_cost(classes_a: Ints, classes_b: Ints) -> Floats:
    """What ``(N, M)`` to add to an IoU cost where the classes ``(N,)`` and ``(M,)`` differ."""
    return np.where(classes_a[:, None] == classes_b[None, :], 0.0, CLASS_CHANGE)


def with_appearance(cost: Floats, distance: Floats, nearby: float, alike: float) -> Floats:
    """The smaller of an IoU cost and half the cosine distance, both ``(N, M)``, where the latter can be trusted.

    BoT-SORT, equations 12 and 13: appearance counts only for pairs that overlap (IoU cost up to `nearby`) and look
    alike (cosine distance up to `alike`), so it ranks what motion allows and never forbids anything.
    """
    trusted = (cost <= nearby) & (distance <= alike)
    return np.where(trusted, np.minimum(cost, distance / 2), cost)


def deepsort_cost(motion: Floats, distance: Floats | None, alike: float) -> Floats:
    """DeepSORT's association cost ``(N, M)``, infinite outside its gates (equations 1 to 6, lambda 0).

    motion: squared Mahalanobis distances. distance: cosine distances, admissible up to `alike`; None where there is no
    appearance, and motion itself becomes the cost (lambda 1).
    """
    if distance is None:
        return np.where(motion <= CHI_SQUARE_95, motion, np.inf)
    return np.where((motion <= CHI_SQUARE_95) & (distance <= alike), distance, np.inf)
