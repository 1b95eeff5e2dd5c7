"""The appearance of all tracks, row by row: their memory of embeddings, and when these were computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.appearance.gallery import AppearanceMemory


class TrackAppearance:
    """What is known of the appearance of N tracks.

    memory: of their embeddings; None until the first one, and the tracks before it are unknown to it. counts: ``(N,)``
    embeddings so far. times: ``(N,)`` seconds, time of the last one, minus infinity before it. last: ``(N, D)``
    embeddings of the last detections, zeros for those not known.
    """

    def __init__(self, new_memory: Callable[[int], AppearanceMemory]) -> None:
        self.memory: AppearanceMemory | None = None
        self.counts = np.empty(0, dtype=np.int64)
        self.times = np.empty(0)
        self.last = np.empty((0, 0))
        self._new_memory = new_memory

    def append(self, detections: Detections, now: float) -> None:
        """Start tracks with the embeddings of these detections."""
        vectors, count = detections.embeddings, len(detections)
        known = np.zeros(count, dtype=bool) if vectors is None else vectors.any(axis=1)
        if vectors is None and self.memory is not None:
            vectors = np.zeros((count, self.last.shape[1]))
        if vectors is not None:
            self._memory_for(vectors).append(vectors)
            self.last = np.concatenate([self.last, vectors])
        self.counts = np.concatenate([self.counts, known.astype(np.int64)])
        self.times = np.concatenate([self.times, np.where(known, now, -np.inf)])

    def update(self, rows: Ints, vectors: Floats | None, now: float) -> None:
        """Take in the embeddings ``(R, D)`` of the detections matched with the tracks `rows`."""
        if vectors is not None:
            self._memory_for(vectors).update(rows, vectors)
            self.last[rows] = vectors
            known = rows[vectors.any(axis=1)]
            self.counts[known] += 1
            self.times[known] = now
        elif self.memory is not None:
            self.last[rows] = 0.0

    def recall(self, rows: Ints, vectors: Floats, counts: Ints) -> None:
        """Take in what was known of the tracks `rows` before they ended: unit vectors ``(R, D)`` and their counts."""
        if vectors.any():
            self._memory_for(vectors).update(rows, vectors)
            self.counts[rows] += counts

    def means(self) -> Floats:
        """A unit vector ``(N, D)`` for each track, zeros where nothing is known; D is 0 before the first embedding."""
        count = len(self.counts)
        return np.empty((count, 0)) if self.memory is None else self.memory.means(np.arange(count))

    def keep(self, rows: Bools) -> None:
        """Keep the given tracks only."""
        if self.memory is not None:
            self.memory.keep(rows)
            self.last = self.last[rows]
        self.counts, self.times = self.counts[rows], self.times[rows]

    def _memory_for(self, vectors: Floats) -> AppearanceMemory:
        if self.memory is None:
            dimension = vectors.shape[1]
            self.memory = self._new_memory(dimension)
            self.last = np.zeros((len(self.counts), dimension))
            self.memory.append(self.last)
        return self.memory
