"""Views of each track, spread over its time, and their embeddings: by these it can be found in other videos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from detectors.base import Floats, Frame
from tracker.annotations.document import Annotations
from tracker.appearance.embedder import Embedder
from tracker.appearance.track_vectors import TrackVectors, probe_of
from tracker.review.track_crops import view_worths

VIEWS = 8  # of a track at most: it turns around, and is hidden now and then


def spread_views(worths: Floats, count: int = VIEWS) -> list[int]:
    """Rows of the best views of a track, one of each of `count` parts of its time. worths: ``(K,)``, of its rows."""
    parts = np.array_split(np.arange(len(worths)), min(count, len(worths)))
    best = [int(part[worths[part].argmax()]) for part in parts]
    return [row for row in best if worths[row] > 0]


class ViewEmbeddings:
    """Embeds the best views of the tracks of a video, while its frames go by."""

    def __init__(self, annotations: Annotations, embedder: Embedder) -> None:
        self._tracks, self._embedder = annotations.tracks, embedder
        self._wanted: dict[int, list[tuple[int, int]]] = {}  # by frame: places of tracks, and rows of these
        for place, (track, worths) in enumerate(zip(self._tracks, view_worths(annotations), strict=True)):
            if embedder.class_names is None or track.label in embedder.class_names:
                for row in spread_views(worths):
                    self._wanted.setdefault(int(track.frames[row]), []).append((place, row))
        self._found: list[tuple[int, int, Floats]] = []  # id of a track, frame, vector

    def over(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Hand the frames on, having looked at them."""
        for frame in frames:
            if views := self._wanted.get(frame.index):
                boxes = np.array([self._tracks[place].boxes[row] for place, row in views])
                for (place, _), vector in zip(views, self._embedder(frame, boxes), strict=True):
                    if vector.any():
                        self._found.append((self._tracks[place].track_id, frame.index, vector))
            yield frame

    def result(self) -> TrackVectors:
        """The embeddings so far."""
        found, probe = sorted(self._found, key=lambda each: each[:2]), probe_of(self._embedder)
        vectors = np.array([vector for *_, vector in found]).reshape(-1, len(probe))
        ids, frames = (np.array([each[k] for each in found], np.int64) for k in (0, 1))
        return TrackVectors(self._embedder.name, probe, ids, frames, vectors.astype(np.float16))
