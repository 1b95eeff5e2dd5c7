"""Which new objects are tracks that ended long ago: by place for what stood still, by looks for what walked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Floats, Ints
from detectors.boxes import iou_matrix


@dataclass(frozen=True)
class Recognition:
    """What an object needs to be recognised; a wrong number is worse than a new one.

    overlap: IoU of its box with the place where it stood. unlike: appearance similarity (`AppearanceCalibration`)
    below which place does not count. similar: appearance similarity that is enough by itself. ahead: by how much it
    must be more similar than any other object, seen now or remembered. embeddings: from which a track's looks are
    known well enough.
    """

    overlap: float = 0.6
    unlike: float = -0.3
    similar: float = 0.5
    ahead: float = 0.3
    embeddings: int = 3


def by_place(recognition: Recognition, places: Floats, boxes: Floats, similarity: Floats) -> Ints:
    """Pairs ``(K, 2)`` of remembered places ``(E, 4)`` and new boxes ``(B, 4)`` that only they fit.

    places: NaN for none. similarity: ``(E, B)``, appearance, NaN where not known; minus infinity for pairs that cannot
    be, of different classes.
    """
    overlap = iou_matrix(np.nan_to_num(places), boxes)
    fits = (overlap >= recognition.overlap) & ~(similarity < recognition.unlike)
    rivals = (overlap >= recognition.overlap / 2) & ~np.isneginf(similarity)
    single = (rivals.sum(axis=0)[None, :] == 1) & (rivals.sum(axis=1)[:, None] == 1)
    return np.argwhere(fits & single)


def by_looks(recognition: Recognition, similarity: Floats, others: Floats) -> Ints:
    """Pairs ``(K, 2)`` of remembered tracks and new objects that are more similar than all rivals of both.

    similarity: ``(E, B)``, minus infinity for pairs that cannot be, or are not known. others: ``(T, B)``, of tracks
    that are not remembered but there.
    """
    if not similarity.size:
        return np.empty((0, 2), dtype=np.int64)
    clear = similarity >= recognition.similar
    everybody = np.concatenate([similarity, others])
    clear &= similarity >= _second(everybody, axis=0) + recognition.ahead
    clear &= similarity >= _second(similarity, axis=1) + recognition.ahead
    return np.argwhere(clear)


def _second(values: Floats, axis: int) -> Floats:
    """The second largest along an axis, which stays, minus infinity where there is one only."""
    return np.asarray(
        np.partition(values, -2, axis=axis).take([-2], axis=axis)
        if values.shape[axis] > 1
        else np.full_like(values.take([0], axis=axis), -np.inf)
    )
