"""The embeddings of one frame's detections, computed for those alone that may change the result.

An embedding costs far more than all of the association, and hardly ever changes it: most objects are where they were
expected, with nobody else near. Embeddings are computed for detections that

- have a rival for a track (`contested`, asked for by cue_association.py), or would match one at a distance,
- match a track whose appearance is not well known (`CueAssociation.poorly_known`), or
- may be a lost track that has come back (revival_association.py), or one that ended (recognition_association.py).

The published trackers embed every high-score detection instead (frame_detections.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.association.matching import Pairs

EmbedRows = Callable[[Ints], Floats]
"""Rows ``(R,)`` of a frame's detections -> unit vectors ``(R, D)``, zeros where an object cannot be described."""


class LazyEmbeddings:
    """The embeddings of a frame's M detections: those that came with them, or those computed by `embed`.

    rows: ``(M,)``, the detections' rows as `embed` counts them. dimension: D of earlier embeddings, 0 before the first
    one. vectors: ``(M, D)``, zeros for those not known; None while none is known.
    """

    def __init__(self, detections: Detections, embed: EmbedRows | None, rows: Ints, dimension: int = 0) -> None:
        self.vectors = detections.embeddings
        self._dimension = dimension
        self._embed = embed if self.vectors is None else None
        self._rows = rows
        self._requested = np.zeros(len(rows), dtype=bool)

    @property
    def available(self) -> bool:
        """Whether any embedding is known, or can be computed."""
        return self.vectors is not None or self._embed is not None

    def compute(self, wanted: Bools) -> None:
        """Compute the embeddings of the wanted detections ``(M,)``, each only once.

        Raises ValueError when they are no finite numbers ``(R, D)``.
        """
        new = np.flatnonzero(wanted & ~self._requested)
        if self._embed is None or not new.size:
            return
        self._requested[new] = True
        found = self._checked(self._embed(self._rows[new]), len(new))
        if self.vectors is None:
            self.vectors = np.zeros((len(self._rows), found.shape[1]))
        self.vectors[new] = found

    def _checked(self, found: Any, count: int) -> Floats:
        """What `embed` has given for `count` rows, as embeddings."""
        vectors = np.asarray(found, dtype=np.float64)
        if vectors.ndim != 2 or len(vectors) != count:
            raise ValueError(f"embeddings of {count} rows have the shape {vectors.shape}, not ({count}, D)")
        check_dimension(vectors, self._dimension)
        if not np.isfinite(vectors).all():
            raise ValueError("embeddings holds a value that is not finite")
        return vectors

    def attach(self, detections: Detections) -> Detections:
        """The detections with the embeddings that are known so far."""
        return detections if self.vectors is None else detections.with_embeddings(self.vectors)


def check_dimension(vectors: Floats, dimension: int) -> None:
    """Raise ValueError if embeddings ``(N, D)`` are of another length than earlier ones; these: 0 for none."""
    if dimension and vectors.shape[1] != dimension:
        raise ValueError(f"embeddings have {vectors.shape[1]} numbers, earlier ones had {dimension}")


def contested(pairs: Pairs, margin: float) -> Bools:
    """Which pairs ``(K,)`` have a rival, so that a change of similarity by up to `margin` could change the assignment.

    A pair is in play if it comes that close to the best of its row or of its column. Its rivals are the other pairs in
    play of the same row or column.
    """
    if pairs.without_rivals:
        return np.zeros(len(pairs.rows), dtype=bool)
    best_of_row, best_of_column = (np.full(count, -np.inf) for count in pairs.shape)
    np.maximum.at(best_of_row, pairs.rows, pairs.similarity)
    np.maximum.at(best_of_column, pairs.columns, pairs.similarity)
    best = np.maximum(best_of_row[pairs.rows], best_of_column[pairs.columns])
    in_play = pairs.similarity >= best - margin
    in_row = np.bincount(pairs.rows[in_play], minlength=pairs.shape[0])
    in_column = np.bincount(pairs.columns[in_play], minlength=pairs.shape[1])
    return np.asarray(in_play & ((in_row[pairs.rows] > 1) | (in_column[pairs.columns] > 1)))
