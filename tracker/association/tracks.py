"""The life cycle of tracks (tentative, confirmed, lost, removed), kept as columns with one row a track."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.appearance.gallery import AppearanceMemory
from tracker.association.kalman import KalmanFilter, MotionModel

TENTATIVE, CONFIRMED, LOST = 0, 1, 2
"""States of a track: not yet trusted; matched in the last frame; trusted, but not matched since. Removed is gone."""


LEAST_VOTE = 1e-9  # a detection of score 0 still says of which class it is


@dataclass(frozen=True, eq=False)
class Tracks:
    """The tracks of one frame: a snapshot that later frames never change.

    track_ids: ``(N,)`` int, from 1, never used twice by one tracker. boxes: ``(N, 4)`` xyxy pixels.
    scores: ``(N,)`` of the last matched detection. class_ids: ``(N,)``, the class by vote of all its detections.
    age: ``(N,)`` seconds since its first detection. time_since_update: ``(N,)`` seconds since its last one. carried:
    ``(N,)``, whether no detector looked at this frame, and the box is where the track has been followed to.
    """

    track_ids: Ints
    boxes: Floats
    scores: Floats
    class_ids: Ints
    age: Floats
    time_since_update: Floats
    carried: Bools = None  # type: ignore[assignment]  # filled in below: none of them, where nobody says

    def __post_init__(self) -> None:
        if self.carried is None:
            object.__setattr__(self, "carried", np.zeros(len(self.track_ids), dtype=bool))

    def __len__(self) -> int:
        return len(self.track_ids)

    def __getitem__(self, rows: Any) -> Tracks:
        """The given rows (index array, mask or slice) of every column."""
        return Tracks(
            self.track_ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.class_ids[rows],
            self.age[rows],
            self.time_since_update[rows],
            self.carried[rows],
        )


@dataclass(frozen=True, eq=False)
class Taken:
    """What each living track, tentative ones too, was given in the last update.

    serials: ``(N,)``, the tracks in the order they were started since the last restart, from 0. track_ids: ``(N,)``, 0
    for tentative ones. boxes: ``(N, 4)`` xyxy pixels, and scores: ``(N,)``, of the detections. class_ids: ``(N,)``, by
    vote. looks: ``(N, D)``, what was remembered of them, zeros for nothing; None while no look is known.
    """

    serials: Ints
    track_ids: Ints
    boxes: Floats
    scores: Floats
    class_ids: Ints
    looks: Floats | None = None


@dataclass(frozen=True, eq=False)
class Shifts:
    """How far boxes were seen to move from one frame to the next.

    offsets: ``(N, 2)`` pixels. sure: ``(N,)``, where that can be relied on. deviation: ``(2,)`` pixels, its standard
    deviation there.
    """

    offsets: Floats
    sure: Bools
    deviation: Floats


class TrackTable:
    """All living tracks, row by row.

    serials: in the order they were started, from 0. ids: 0 until confirmed. state: TENTATIVE, CONFIRMED or LOST. hits:
    matches so far. missed: updates since the last match. born, seen: seconds, time of the first and of the last match.
    looks: detections of which it was found out what they look like; looked: seconds, time of the last of them.
    boxes, scores: of the last matched detection.
    """

    def __init__(self, motion: MotionModel, memory: Callable[[int], AppearanceMemory]) -> None:
        self.filter = KalmanFilter(motion)
        self.appearance: AppearanceMemory | None = None
        self._new_memory = memory
        self._last_looks = np.empty((0, 0))
        self.serials, self.ids, self.state, self.hits, self.missed = (np.empty(0, dtype=np.int64) for _ in range(5))
        self._started = 0
        self.looks = np.empty(0, dtype=np.int64)
        self.born, self.seen, self.looked, self.scores = (np.empty(0) for _ in range(4))
        self.boxes = np.empty((0, 4))
        self._classes = np.empty(0, dtype=np.int64)
        self._votes = np.empty((0, 0))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def class_ids(self) -> Ints:
        """The class ``(N,)`` of each track: the one with the largest sum of scores so far."""
        return self._classes[self._votes.argmax(axis=1)] if len(self) else np.empty(0, dtype=np.int64)

    @property
    def taken(self) -> Taken:
        """What the tracks were given in this update."""
        rows = self.missed == 0
        looks = None if self.appearance is None else self._last_looks[rows]
        return Taken(
            self.serials[rows], self.ids[rows], self.boxes[rows], self.scores[rows], self.class_ids[rows], looks
        )

    def append(self, detections: Detections, now: float) -> Ints:
        """Start a tentative track at every detection; returns their rows."""
        count, start = len(detections), len(self)
        self.filter.append(detections.boxes)
        self._append_appearance(detections)
        zeros, ones = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
        self.serials = np.concatenate([self.serials, self._started + np.arange(count)])
        self._started += count
        self.ids = np.concatenate([self.ids, zeros])
        self.state = np.concatenate([self.state, np.full(count, TENTATIVE)])
        self.hits = np.concatenate([self.hits, ones])
        self.missed = np.concatenate([self.missed, zeros])
        self.born = np.concatenate([self.born, np.full(count, now)])
        self.seen = np.concatenate([self.seen, np.full(count, now)])
        seen = np.zeros(count, dtype=bool) if detections.embeddings is None else detections.embeddings.any(axis=1)
        self.looks = np.concatenate([self.looks, seen.astype(np.int64)])
        self.looked = np.concatenate([self.looked, np.where(seen, now, -np.inf)])
        self.scores = np.concatenate([self.scores, detections.scores])
        self.boxes = np.concatenate([self.boxes, detections.boxes])
        self._votes = np.concatenate([self._votes, np.zeros((count, self._votes.shape[1]))])
        rows = np.arange(start, start + count)
        self._vote(rows, detections)
        return rows

    def match(self, rows: Ints, detections: Detections, now: float) -> None:
        """Hand each of the tracks `rows` its detection."""
        self.filter.update(rows, detections.boxes)
        self.hits[rows] += 1
        self.missed[rows] = 0
        self.seen[rows] = now
        self.scores[rows] = detections.scores
        self.boxes[rows] = detections.boxes
        self._vote(rows, detections)
        if detections.embeddings is not None:
            self._memory_for(detections.embeddings).update(rows, detections.embeddings)
            self._last_looks[rows] = detections.embeddings
            seen = rows[detections.embeddings.any(axis=1)]
            self.looks[seen] += 1
            self.looked[seen] = now
        elif self.appearance is not None:
            self._last_looks[rows] = 0.0

    def carry(self, seconds: float, shifts: Shifts | None) -> None:
        """Lead all tracks on to a frame without detections, `seconds` later.

        shifts: how far the boxes of `taken` were seen to move. Where that is not known, the filter leads them on. A
        box keeps its size: as a detector sees it, it trembles more than it changes until the next detection.
        """
        rows, before = np.flatnonzero(self.missed == 0), self.filter.centres()
        sure = np.zeros(len(rows), dtype=bool) if shifts is None else shifts.sure
        offsets = np.empty((0, 2)) if shifts is None else shifts.offsets[sure]
        self.filter.carry(seconds, rows[sure], offsets, 0.0 if shifts is None else shifts.deviation)
        moves = self.filter.centres() - before
        moves[rows[sure]] = offsets
        self.boxes = self.boxes + np.tile(moves, 2)

    def miss(self, rows: Ints) -> None:
        """Count an update without a detection for the tracks `rows`; the confirmed among them are lost."""
        self.missed[rows] += 1
        confirmed = rows[self.state[rows] == CONFIRMED]
        self.state[confirmed] = LOST

    def keep(self, rows: Bools) -> None:
        """Remove all other tracks."""
        self.filter.keep(rows)
        if self.appearance is not None:
            self.appearance.keep(rows)
            self._last_looks = self._last_looks[rows]
        for name in (
            "serials",
            "ids",
            "state",
            "hits",
            "missed",
            "born",
            "seen",
            "looks",
            "looked",
            "scores",
            "boxes",
            "_votes",
        ):
            setattr(self, name, getattr(self, name)[rows])

    def check_embeddings(self, detections: Detections) -> None:
        """Raise ValueError if the detections' embeddings cannot be compared with those remembered."""
        vectors = detections.embeddings
        if self.appearance is not None and vectors is not None and vectors.shape[1] != self._dimension:
            raise ValueError(f"embeddings have {vectors.shape[1]} numbers, earlier ones had {self._dimension}")

    def _memory_for(self, embeddings: Floats) -> AppearanceMemory:
        """The appearance memory, which exists from the first embedding on; the older tracks are unknown to it."""
        if self.appearance is None:
            self._dimension = embeddings.shape[1]
            self.appearance = self._new_memory(self._dimension)
            self._last_looks = np.zeros((len(self), self._dimension))
            self.appearance.append(self._last_looks)
        return self.appearance

    def _append_appearance(self, detections: Detections) -> None:
        vectors = detections.embeddings
        if vectors is None:
            if self.appearance is None:
                return
            vectors = np.zeros((len(detections), self._dimension))
        self._memory_for(vectors).append(vectors)
        self._last_looks = np.concatenate([self._last_looks, vectors])

    def _vote(self, rows: Ints, detections: Detections) -> None:
        same = detections.class_ids[:, None] == self._classes[None, :]
        if not same.any(axis=1).all():
            new = np.setdiff1d(detections.class_ids, self._classes)
            self._classes = np.concatenate([self._classes, new])
            self._votes = np.column_stack([self._votes, np.zeros((len(self), len(new)))])
            same = detections.class_ids[:, None] == self._classes[None, :]
        self._votes[rows] += same * np.maximum(detections.scores, LEAST_VOTE)[:, None]
