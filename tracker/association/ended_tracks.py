"""Tracks that have ended, and what they are known by when they come back: bounded, the oldest are forgotten."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.boxes import iou_matrix
from tracker.association.track_table import TrackTable
from tracker.motion.camera_motion import move_boxes

SIZE = 1000  # tracks that are remembered at most: a megabyte of embeddings
CLAIMED = 0.5  # IoU with a place from which another object stands there
DRIFT = 1.0  # sides of its box that the camera may carry a place along; beyond, errors of its motion have added up
COLUMNS = ("ids", "class_ids", "hits", "counts", "first_seen", "last_seen", "places", "carried", "vectors")


class EndedTracks:
    """The last E confirmed tracks that ended, the oldest first.

    lifetime: seconds since they were seen, for which they are remembered. ids, class_ids, hits, first_seen, last_seen:
    ``(E,)``, of the tracks. places: ``(E, 4)``, boxes where they stood when they were seen last, NaN for none.
    carried: ``(E,)`` pixels that the camera has carried these since. vectors: ``(E, D)``, their mean embeddings, zeros
    for none. counts: ``(E,)`` embeddings of these.
    """

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self.ids, self.class_ids, self.hits, self.counts = (np.empty(0, dtype=np.int64) for _ in range(4))
        self.first_seen, self.last_seen, self.carried = np.empty(0), np.empty(0), np.empty(0)
        self.places, self.vectors = np.empty((0, 4)), np.empty((0, 0))

    def __len__(self) -> int:
        return len(self.ids)

    def remember(self, table: TrackTable, rows: Bools) -> None:
        """Remember those of the tracks `rows` ``(N,)`` of a table that have a number, and a place or looks."""
        if not self.lifetime:
            return
        places = table.standing.at_rest(table.boxes, table.last_seen)
        rows = rows & (table.ids > 0) & (~np.isnan(places[:, 0]) | (table.appearance.counts > 0))
        if not np.count_nonzero(rows):
            return
        vectors = table.appearance.means()[rows]
        if vectors.shape[1] > self.vectors.shape[1]:  # the first ones that are known
            self.vectors = np.zeros((len(self), vectors.shape[1]))
        elif vectors.shape[1] < self.vectors.shape[1]:
            vectors = np.zeros((len(vectors), self.vectors.shape[1]))
        new = {
            "ids": table.ids[rows],
            "class_ids": table.class_ids[rows],
            "hits": table.hits[rows],
            "counts": table.appearance.counts[rows],
            "first_seen": table.first_seen[rows],
            "last_seen": table.last_seen[rows],
            "places": places[rows],
            "carried": np.zeros(np.count_nonzero(rows)),
            "vectors": vectors,
        }
        for name, column in new.items():
            setattr(self, name, np.concatenate([getattr(self, name), column])[-SIZE:])

    def keep(self, rows: Bools) -> None:
        """Keep the given ones only."""
        for name in COLUMNS:
            setattr(self, name, getattr(self, name)[rows])

    def expire(self, now: float) -> None:
        """Forget those that were seen more than the lifetime ago, and those that nothing is known of any more."""
        kept = (now - self.last_seen <= self.lifetime) & (self.standing | (self.counts > 0))
        if not kept.all():
            self.keep(kept)

    @property
    def standing(self) -> Bools:
        """Which of them ``(E,)`` have a place."""
        return ~np.isnan(self.places[:, 0])

    def move(self, camera: Floats) -> None:
        """Move all places with the picture, and forget those that have moved far. camera: affine matrix ``(2, 3)``."""
        if not len(self):
            return
        before, self.places = self.places, move_boxes(self.places, camera)
        self.carried += np.linalg.norm((self.places - before)[:, :2], axis=1)  # NaN without a place
        size = np.sqrt((self.places[:, 2:] - self.places[:, :2]).prod(axis=1))
        self.places[self.carried > DRIFT * size] = np.nan

    def leave_scene(self) -> None:
        """Forget all places, as at a cut: what stood in one picture does not stand in another."""
        self.places = np.full_like(self.places, np.nan)

    def give_up_claimed(self, boxes: Floats, class_ids: Ints) -> None:
        """Forget the places where others of their class stand now, at `boxes` ``(N, 4)``."""
        if not self.standing.any() or not len(boxes):
            return
        claimed = iou_matrix(np.nan_to_num(self.places), boxes) >= CLAIMED
        claimed &= self.class_ids[:, None] == class_ids[None, :]
        self.places[claimed.any(axis=1)] = np.nan
