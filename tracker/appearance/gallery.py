"""Appearance memories: the embeddings of tracks so far, as an average or a gallery, and distances from new ones."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from detectors.base import Bools, Floats, Ints


class AppearanceMemory(Protocol):
    """The memory of N tracks, row by row. A vector of zeros means "not known" and is never remembered."""

    def append(self, embeddings: Floats) -> None:
        """Start M tracks with unit vectors ``(M, D)``."""
        ...

    def keep(self, rows: Bools | Ints) -> None:
        """Keep the given tracks only."""
        ...

    def update(self, rows: Ints, embeddings: Floats) -> None:
        """Remember the unit vectors ``(R, D)`` of the tracks `rows`."""
        ...

    def distances(self, rows: Ints, embeddings: Floats) -> Floats:
        """Cosine distances ``(R, M)`` in [0, 2] of the tracks `rows` and unit vectors ``(M, D)``; 1 if not known."""
        ...

    def known(self, rows: Ints) -> Bools:
        """Whether anything is remembered of the tracks `rows`, ``(R,)``."""
        ...

    def means(self, rows: Ints) -> Floats:
        """One unit vector for each of the tracks `rows`, ``(R, D)``, zeros where nothing is known."""
        ...


class AverageMemory:
    """An exponential average per track (Zhang et al., FairMOT, 2021); each detection counts for a tenth.

    The first ones are averaged with equal weights, so that a poor first one does not stay for long.
    """

    MOMENTUM = 0.9

    def __init__(self, dimension: int) -> None:
        self._mean = np.empty((0, dimension))
        self._counts = np.empty(0)

    def append(self, embeddings: Floats) -> None:
        self._mean = np.concatenate([self._mean, embeddings])
        self._counts = np.concatenate([self._counts, embeddings.any(axis=1).astype(np.float64)])

    def keep(self, rows: Bools | Ints) -> None:
        self._mean, self._counts = self._mean[rows], self._counts[rows]

    def update(self, rows: Ints, embeddings: Floats) -> None:
        known = embeddings.any(axis=1)
        rows, embeddings = rows[known], embeddings[known]
        self._counts[rows] += 1
        share = np.maximum(1 / self._counts[rows], 1 - self.MOMENTUM)[:, None]
        mean = (1 - share) * self._mean[rows] + share * embeddings
        length = np.linalg.norm(mean, axis=1, keepdims=True)
        self._mean[rows] = np.where(length > 1e-12, mean / np.maximum(length, 1e-12), embeddings)

    def distances(self, rows: Ints, embeddings: Floats) -> Floats:
        return np.asarray(1.0 - self._mean[rows] @ embeddings.T)

    def known(self, rows: Ints) -> Bools:
        return np.asarray(self._counts[rows] > 0)

    def means(self, rows: Ints) -> Floats:
        return np.asarray(self._mean[rows])


class GalleryMemory:
    """DeepSORT's gallery: the last SIZE vectors of each track; the distance is that of the nearest (equation 2)."""

    SIZE = 100

    def __init__(self, dimension: int) -> None:
        self._vectors = np.empty((0, self.SIZE, dimension), dtype=np.float32)
        self._seen = np.empty(0, dtype=np.int64)

    def append(self, embeddings: Floats) -> None:
        fresh = np.zeros((len(embeddings), *self._vectors.shape[1:]), dtype=np.float32)
        start = len(self._seen)
        self._vectors = np.concatenate([self._vectors, fresh])
        self._seen = np.concatenate([self._seen, np.zeros(len(embeddings), dtype=np.int64)])
        self.update(np.arange(start, len(self._seen)), embeddings)

    def keep(self, rows: Bools | Ints) -> None:
        self._vectors, self._seen = self._vectors[rows], self._seen[rows]

    def update(self, rows: Ints, embeddings: Floats) -> None:
        known = embeddings.any(axis=1)
        rows = rows[known]
        self._vectors[rows, self._seen[rows] % self.SIZE] = embeddings[known]
        self._seen[rows] += 1

    def distances(self, rows: Ints, embeddings: Floats) -> Floats:
        used = int(min(self._seen[rows].max(initial=0), self.SIZE))
        if not used or not len(embeddings):
            return np.ones((len(rows), len(embeddings)))
        similarity = self._vectors[rows, :used] @ embeddings.T.astype(np.float32)
        vacant = np.arange(used)[None, :] >= self._seen[rows][:, None]
        similarity[vacant] = -1.0
        nearest = np.where(self._seen[rows][:, None] > 0, similarity.max(axis=1), 0.0)
        return np.asarray(1.0 - nearest, dtype=np.float64)

    def known(self, rows: Ints) -> Bools:
        return np.asarray(self._seen[rows] > 0)

    def means(self, rows: Ints) -> Floats:
        mean = self._vectors[rows].sum(axis=1, dtype=np.float64)
        return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12))
