"""One association of all tracks with all detections: by motion and the other cues, and by looks where these decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.association.calibration import LikenessScale
from tracker.association.cues import Cues, Expected, Found, hidden_share, similarity
from tracker.association.lazy_embeddings import Looks, contested
from tracker.association.matching import Pairs, assign, mutual_best
from tracker.association.shared_motion import shared_shift
from tracker.association.tracks import TENTATIVE, TrackTable

KNOWN = 3  # matches from which a track tells of the camera, and of what looks alike
SHIFT_LASTS = 0.1  # share of a shared shift that is taken for a lasting velocity: a jerk is mostly over at once
SWING = 1.0  # of likeness: from what is usual for different objects to what is usual for the same one
ENOUGH = 3  # looks at a track from which more tell little
LATELY = 1.0  # seconds after which a track may look different: another side of it, another light
HIDDEN = 0.4  # share of a box behind another above which its look is as much the other's


class Association:
    """Matches the tracks of `table` with detections by `cues`.

    shared_motion: look for a shift that all tracks share, and associate again after it. likeness: turns an embedder's
    similarities into likeness.
    """

    def __init__(self, cues: Cues, shared_motion: bool, table: TrackTable, likeness: LikenessScale) -> None:
        self._cues, self._shared_motion = cues, shared_motion
        self._table, self._likeness = table, likeness

    def match(self, found: Found, looks: Looks, overdue: Bools, typical: float, elapsed: float) -> tuple[Ints, Ints]:
        """Matching rows of the table and of the detections, which are not none.

        overdue: ``(N,)``, tracks that take no part. typical, elapsed: see `similarity`.
        """
        expected = self._expected()
        rows, columns = self._match(expected, found, looks, overdue, typical, elapsed)
        shift = self._shared_shift(rows, found.boxes[columns]) if self._shared_motion else None
        if shift is None:
            return rows, columns
        self._table.filter.shift(shift, shift / elapsed * SHIFT_LASTS)
        expected = replace(expected, boxes=self._table.filter.boxes())  # all moved alike: as hidden as before
        return self._match(expected, found, looks, overdue, typical, elapsed)

    def _expected(self) -> Expected:
        """What the tracks lead to expect."""
        table = self._table
        boxes, trusted = table.filter.boxes(), table.state != TENTATIVE
        return Expected(
            boxes=boxes,
            scores=table.scores,
            missed=table.missed,
            class_ids=table.class_ids,
            trusted=trusted,
            hidden=hidden_share(boxes, trusted & (table.missed == 0)),
        )

    def _shared_shift(self, rows: Ints, boxes: Floats) -> Floats | None:
        """The shift ``(2,)`` of all that were seen in the last frame, by the boxes ``(M, 4)`` they are matched with."""
        steady = (self._table.hits[rows] >= KNOWN) & (self._table.missed[rows] == 0)
        return shared_shift(self._table.filter.innovation(rows[steady], boxes[steady])[:, :2])

    def _match(
        self, expected: Expected, found: Found, looks: Looks, overdue: Bools, typical: float, elapsed: float
    ) -> tuple[Ints, Ints]:
        cues = self._cues
        pairs = similarity(cues, expected, found, typical, elapsed)
        pairs = pairs[(pairs.worth >= cues.least) & ~overdue[pairs.rows]]
        if cues.appearance and self._table.appearance is not None:
            pairs = self._ranked_by_looks(pairs, found, looks)
        rows, columns = (mutual_best(pairs) if cues.mutual else assign(-pairs.matrix(), -cues.least)).T
        return rows, columns

    def _ranked_by_looks(self, pairs: Pairs, found: Found, looks: Looks) -> Pairs:
        """The same pairs; how alike they look changes what they are worth, and never forbids anything."""
        cues = self._cues
        known = self._table.looks[pairs.rows] > 0
        open_ = contested(pairs, SWING * cues.appearance) & known
        wanted = np.zeros(len(found.strong), dtype=bool)
        wanted[pairs.columns[open_]] = True
        looks.see(wanted & clear(found))
        likeness = self.likeness_of(np.arange(len(self._table)), looks.vectors)
        if likeness is None:
            return pairs
        alike = likeness[pairs.rows, pairs.columns]
        return replace(pairs, worth=np.maximum(pairs.worth + cues.appearance * alike, cues.least))

    def likeness_of(self, rows: Ints, vectors: Floats | None) -> Floats | None:
        """How alike ``(R, M)`` the tracks `rows` and looks ``(M, D)`` are (`LikenessScale`), 0 where one is not known.

        None where nothing is known at all.
        """
        memory = self._table.appearance
        if memory is None or vectors is None:
            return None
        likeness = self._likeness.of(1.0 - memory.distances(rows, vectors))
        likeness[~memory.known(rows)] = 0.0
        likeness[:, ~vectors.any(axis=1)] = 0.0
        return likeness

    def unfamiliar(self, found: Found, rows: Ints, columns: Ints, now: float) -> Bools:
        """Detections ``(M,)`` that show well what a track looks like which is not known well, or not lately."""
        table = self._table
        unfamiliar = (table.looks[rows] < ENOUGH) | (now - table.looked[rows] > LATELY)
        wanted = np.zeros(len(found.strong), dtype=bool)
        wanted[columns[unfamiliar]] = True
        return wanted & clear(found)

    def learn(self, rows: Ints, columns: Ints, vectors: Floats | None) -> None:
        """Let the matches tell how alike the same object looks. vectors: ``(M, D)`` of the detections."""
        memory = self._table.appearance
        if memory is None or vectors is None:
            return
        known = (self._table.hits[rows] >= KNOWN) & memory.known(rows) & vectors[columns].any(axis=1)
        self._likeness.see(1.0 - memory.distances(rows[known], vectors[columns[known]]))


def clear(found: Found) -> Bools:
    """Detections ``(M,)`` whose looks tell whose they are; weak ones are matched by motion alone."""
    return np.asarray(found.strong & (found.hidden < HIDDEN))
