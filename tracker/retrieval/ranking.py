"""Which tracks look most like a query, and which of them are probably the same object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats
from tracker.retrieval.gallery import Gallery, GalleryTrack, Vectors

PROBABLY = {"people": 0.74}
"""By model, the similarity from which two tracks are probably the same object: chosen for 9 of 10 such pairs to be, by
``python -m benchmarks.accuracy.find``. Other models have none.
"""
MEASURED = (
    "Of 51 such pairs 48 were, among 57 people in five films, each of one camera; among more people, or over cameras "
    "that show other colours, fewer are. It is a place to look at, and no proof."
)


@dataclass(frozen=True)
class Match:
    """A track that looks like the query. similarity: cosine of the two views that are most alike. same: whether it is
    probably the same object, None where nobody has measured that.
    """

    track: GalleryTrack
    similarity: float
    same: bool | None


def similarities(gallery: Gallery, query: Vectors) -> Floats:
    """How alike each track ``(T,)`` and a query ``(K, D)`` are: the cosine of the two views that are most alike."""
    found = np.maximum.reduceat((gallery.vectors @ query.T).max(axis=1), gallery.starts)
    # vectors are stored with few digits, and not quite of length 1
    return np.asarray(np.clip(found, -1, 1), np.float64)


def rank(
    gallery: Gallery, query: Vectors, left_out: Bools | None = None, threshold: float | None = None
) -> list[Match]:
    """All tracks, the most alike first. left_out: ``(T,)``, those that cannot be the query.

    threshold: from which on a track is probably the same; None for that of the gallery's model.
    """
    threshold = PROBABLY.get(gallery.model) if threshold is None else threshold
    found = similarities(gallery, query)
    order = np.argsort(-found, kind="stable")
    return [
        Match(
            gallery.tracks[place], float(found[place]), None if threshold is None else bool(found[place] >= threshold)
        )
        for place in order.tolist()
        if left_out is None or not left_out[place]
    ]


def not_the_same(tracks: Sequence[GalleryTrack], place: int) -> Bools:
    """Which tracks ``(T,)`` are not the one at a place: itself, and those that are in its video at the same time."""
    return np.array([each.at_once(tracks[place]) for each in tracks], dtype=bool)
