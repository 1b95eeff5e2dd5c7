"""Costs, gates and assignment: arrays in, index pairs out. Nothing here knows what a track is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.base import Floats, Ints
from detectors.boxes import iou_matrix

CHI_SQUARE_95 = 9.4877  # 0.95 quantile of the chi-square distribution with 4 degrees of freedom (DeepSORT, section 2.2)
CLASS_CHANGE = 0.3  # detectors that err in the class keep the box, so another class is allowed for a better overlap


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of N rows and M columns that may match, each at most once, and how similar they are.

    rows, columns, similarity: ``(K,)``. shape: N and M.
    """

    rows: Ints
    columns: Ints
    similarity: Floats
    shape: tuple[int, int]

    @classmethod
    def at_least(cls, similarity: Floats, minimum: float) -> Pairs:
        """The entries of a matrix ``(N, M)`` that reach the minimum."""
        rows, columns = np.nonzero(similarity >= minimum)
        return cls(rows, columns, similarity[rows, columns], (similarity.shape[0], similarity.shape[1]))

    def __getitem__(self, which: Any) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.rows[which], self.columns[which], self.similarity[which], self.shape)

    @property
    def without_rivals(self) -> bool:
        """Whether each row and each column has one pair at most, as mostly: nothing is left to decide."""
        return _apart(self.rows) and _apart(self.columns)

    def matrix(self) -> Floats:
        """The similarities as a matrix ``(N, M)``; minus infinity where no match is possible."""
        similarity = np.full(self.shape, -np.inf)
        similarity[self.rows, self.columns] = self.similarity
        return similarity


def assign(cost: Floats, limit: float) -> Ints:
    """The assignment of rows to columns with the largest total of ``limit - cost``.

    cost: ``(N, M)``; a pair that costs `limit` or more, or infinitely much, never matches. As the total counts, and not
    the number of matches, two poor matches do not replace one good one. Returns ``(K, 2)`` row and column indices, rows
    ascending.

    The Hungarian method (Kuhn 1955), on the rows and columns that have a possible partner.
    """
    gain = np.maximum(limit - cost, 0.0)
    possible = gain > 0
    rows, columns = np.flatnonzero(possible.any(axis=1)), np.flatnonzero(possible.any(axis=0))
    if not rows.size:
        return np.empty((0, 2), dtype=np.int64)
    i, j = _least_total(-gain[np.ix_(rows, columns)])
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
    # Imported here, since the default tracker does not need it, and SciPy takes longer to load than all the rest.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return rows, columns


def assign_greedily(pairs: Pairs) -> Ints:
    """Greedy assignment: the most similar pair first, then the most similar of the rest, until none is left.

    Returns ``(K, 2)`` row and column indices, rows ascending. Of equal similarities that of the lower row comes first,
    then that of the lower column.

    Unlike the Hungarian method it never gives up a pair that both sides prefer for the sake of a third, which in a
    crowd passes one wrong match on to all neighbours. Each round takes all mutual best pairs at once, which gives the
    same result as one at a time.
    """
    if pairs.without_rivals:
        return _by_row(pairs.rows, pairs.columns)
    order = np.lexsort((pairs.columns, pairs.rows, -pairs.similarity))
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
    return _by_row(np.concatenate(found_rows), np.concatenate(found_columns))


def _by_row(rows: Ints, columns: Ints) -> Ints:
    """Pairs ``(K, 2)``, rows ascending."""
    order = rows.argsort()
    return np.asarray(np.array((rows[order], columns[order])).T)


def _apart(indices: Ints) -> bool:
    """Whether each index occurs once at most."""
    return bool(np.count_nonzero(np.bincount(indices)) == len(indices))


def iou_cost(boxes_a: Floats, boxes_b: Floats) -> Floats:
    """1 - IoU, ``(N, M)``, of xyxy boxes ``(N, 4)`` and ``(M, 4)``; infinite where they do not touch."""
    iou = iou_matrix(boxes_a, boxes_b)
    return np.where(iou > 0, 1.0 - iou, np.inf)


def class_cost(classes_a: Ints, classes_b: Ints) -> Floats:
    """The penalty ``(N, M)`` to add to an IoU cost where the classes ``(N,)`` and ``(M,)`` differ."""
    return np.where(classes_a[:, None] == classes_b[None, :], 0.0, CLASS_CHANGE)


def with_appearance(cost: Floats, distance: Floats, max_cost: float, max_distance: float) -> Floats:
    """The smaller of an IoU cost and half the cosine distance, both ``(N, M)``, where the latter can be trusted.

    BoT-SORT, equations 12 and 13: appearance counts only for pairs that overlap (IoU cost up to `max_cost`) and are
    similar (cosine distance up to `max_distance`), so it ranks what motion allows and never forbids anything.
    """
    trusted = (cost <= max_cost) & (distance <= max_distance)
    return np.where(trusted, np.minimum(cost, distance / 2), cost)


def deepsort_cost(motion: Floats, distance: Floats | None, max_distance: float) -> Floats:
    """DeepSORT's association cost ``(N, M)``, infinite outside its gates (equations 1 to 6, lambda 0).

    motion: squared Mahalanobis distances. distance: cosine distances, admissible up to `max_distance`; None where
    there is no appearance, and motion itself becomes the cost (lambda 1).
    """
    if distance is None:
        return np.where(motion <= CHI_SQUARE_95, motion, np.inf)
    return np.where((motion <= CHI_SQUARE_95) & (distance <= max_distance), distance, np.inf)
