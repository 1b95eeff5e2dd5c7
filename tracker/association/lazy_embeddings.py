"""What the detections of one frame look like, found out for those that it matters for.

Describing a look costs far more than all of the association, and hardly ever changes it: most objects are where they
were expected, and nobody else is near.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.association.matching import Pairs

Look = Callable[[Ints], Floats]
"""Rows ``(R,)`` of a frame's detections -> unit vectors ``(R, D)`` of their looks, zeros where nothing can be told."""


class Looks:
    """The looks of a frame's M detections: those that they carry, or those that `look` is asked for.

    rows: ``(M,)``, what `look` knows the detections by. vectors: ``(M, D)``, zeros where nothing is known; None while
    nothing is known of any.
    """

    def __init__(self, detections: Detections, look: Look | None, rows: Ints) -> None:
        self.vectors = detections.embeddings
        self._look = look if self.vectors is None else None
        self._rows = rows
        self._asked = np.zeros(len(rows), dtype=bool)

    @property
    def possible(self) -> bool:
        """Whether anything is known, or may be found out."""
        return self.vectors is not None or self._look is not None

    def see(self, wanted: Bools) -> None:
        """Find out about the wanted ones ``(M,)``; each is asked for once."""
        new = np.flatnonzero(wanted & ~self._asked)
        if self._look is None or not new.size:
            return
        self._asked[new] = True
        found = self._look(self._rows[new])
        if self.vectors is None:
            self.vectors = np.zeros((len(self._rows), found.shape[1]))
        self.vectors[new] = found

    def on(self, detections: Detections) -> Detections:
        """The detections with what is known of their looks."""
        return detections if self.vectors is None else replace(detections, embeddings=self.vectors)


def contested(pairs: Pairs, margin: float) -> Bools:
    """Which pairs ``(K,)`` have a rival, so that up to `margin` more or less could change who belongs to whom.

    In play is what comes that close to the best of its row and of its column; a rival is another pair in play of the
    same row or column.
    """
    best_of_row, best_of_column = (np.full(count, -np.inf) for count in pairs.shape)
    np.maximum.at(best_of_row, pairs.rows, pairs.worth)
    np.maximum.at(best_of_column, pairs.columns, pairs.worth)
    best = np.maximum(best_of_row[pairs.rows], best_of_column[pairs.columns])
    in_play = pairs.worth >= best - margin
    in_row = np.bincount(pairs.rows[in_play], minlength=pairs.shape[0])
    in_column = np.bincount(pairs.columns[in_play], minlength=pairs.shape[1])
    return np.asarray(in_play & ((in_row[pairs.rows] > 1) | (in_column[pairs.columns] > 1)))
