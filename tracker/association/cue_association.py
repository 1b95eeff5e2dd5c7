"""One association of all tracks with all detections: by motion and weak cues, and by appearance between rivals."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.association.calibration import AppearanceCalibration
from tracker.association.cues import (
    Cues,
    DetectionCues,
    TrackCues,
    distant_similarity,
    occluded_share,
    similarity,
)
from tracker.association.frame_detections import FrameDetections
from tracker.association.lazy_embeddings import contested
from tracker.association.matching import Pairs, assign, assign_greedily
from tracker.association.revival import DIFFERENT
from tracker.association.shared_motion import shared_shift
from tracker.association.track_table import TrackTable

MIN_HITS = 3  # matches from which a track counts in estimates of shared motion and in calibration
VELOCITY_SHARE = 0.1  # share of a shared shift that is taken for a lasting velocity: a jerk is mostly over at once
SWING = 1.0  # appearance similarity that is usual for one object, less that of different objects
ENOUGH_EMBEDDINGS = 3  # of a track; more add little
EMBEDDING_MAX_AGE = 1.0  # seconds after which a track may look different: another side of it, another light
FOLLOWED_HITS = 6  # matches from which a track is followed well enough to go on with a low-score detection alone
SPARSE = 0.09  # seconds between frames from which overlap may say nothing: ten frames a second
UNCONTESTED_SECONDS = 0.4  # since its last match, for which a track may go on with a distant detection
MAX_OCCLUSION = 0.4  # occluded share of a box above which its embedding describes the object in front as much


class CueAssociation:
    """Matches the tracks of `table` with detections by `cues`.

    shared_motion: estimate a shift that all tracks share, and associate again after it. calibration: of the embedder's
    similarities.
    """

    def __init__(self, cues: Cues, shared_motion: bool, table: TrackTable, calibration: AppearanceCalibration) -> None:
        self._cues, self._shared_motion = cues, shared_motion
        self._table, self._calibration = table, calibration

    def match(self, found: FrameDetections, absent: Floats, typical: float, elapsed: float) -> tuple[Ints, Ints]:
        """Matching rows of the table and of the detections, neither of which is empty.

        absent: ``(N,)`` seconds since the last match of each track; infinite for those that take no part. typical,
        elapsed: see `similarity`.
        """
        tracks = self._track_cues()
        rows, columns = self._match(tracks, found, absent, typical, elapsed)
        shift = self._shared_shift(found, rows, columns) if self._shared_motion else None
        if shift is None:
            return rows, columns
        self._table.filter.shift(shift, shift / elapsed * VELOCITY_SHARE)
        tracks = tracks.moved_to(self._table.filter.boxes())  # all moved alike: as occluded as before
        return self._match(tracks, found, absent, typical, elapsed)

    def _track_cues(self) -> TrackCues:
        table = self._table
        boxes, confirmed = table.filter.boxes(), table.ids > 0
        return TrackCues(
            boxes=boxes,
            scores=(table.scores + table.means.scores) / 2,
            log_heights=table.means.log_heights,
            height_variances=table.means.height_variances,
            missed=table.missed,
            class_ids=table.class_ids,
            confirmed=confirmed,
            occluded=occluded_share(boxes, confirmed & (table.missed == 0)),
            deviations=np.sqrt(table.filter.var_mean)[:, :2],
        )

    def _shared_shift(self, found: FrameDetections, rows: Ints, columns: Ints) -> Floats | None:
        """The shift ``(2,)`` of all that were seen in the last frame, by the detections that they are matched with."""
        steady = ((self._table.hits[rows] >= MIN_HITS) & (self._table.missed[rows] == 0)).nonzero()[0]
        boxes = found.cues.boxes.take(columns[steady], axis=0)
        return shared_shift(self._table.filter.innovation(rows[steady], boxes)[:, :2])

    def _match(
        self, tracks: TrackCues, found: FrameDetections, absent: Floats, typical: float, elapsed: float
    ) -> tuple[Ints, Ints]:
        cues = self._cues
        pairs = similarity(cues, tracks, found.cues, typical, elapsed)
        enough = (pairs.similarity >= cues.min_similarity) & np.isfinite(absent)[pairs.rows]
        pairs = pairs[enough.nonzero()[0]]
        if cues.appearance and self._table.appearance.memory is not None:
            pairs = self._with_appearance(pairs, found)
        if cues.greedy:
            rows, columns = assign_greedily(pairs).T
        else:
            rows, columns = assign(-pairs.matrix(), -cues.min_similarity).T
        if not cues.reach or len(rows) == len(absent) or len(columns) == len(found):
            return rows, columns
        far_rows, far_columns = self._match_distant(tracks, found, (rows, columns), absent, typical, elapsed)
        return np.concatenate([rows, far_rows]), np.concatenate([columns, far_columns])

    def _match_distant(
        self,
        tracks: TrackCues,
        found: FrameDetections,
        matched: tuple[Ints, Ints],
        absent: Floats,
        typical: float,
        elapsed: float,
    ) -> tuple[Ints, Ints]:
        """Matches of what is left, as far apart as the predictions are uncertain.

        Where frames are far apart, tracks seen in the last one, with high-score detections. A track missed since, whose
        position grows uncertain quickly, would take what is not its own, and where frames are close together, so would
        all that overlap has left over: they get what no other wants. A track that has been followed well until the last
        frame gets that of any score: a weak and shifted detection loses nobody.
        """
        free_tracks, free = np.isfinite(absent), np.ones(len(found), dtype=bool)
        free_tracks[matched[0]], free[matched[1]] = False, False
        rows, columns = free_tracks.nonzero()[0], free.nonzero()[0]
        high_score = found.cues.high_score[columns]
        seen = tracks.missed[rows] == 0
        recent = absent[rows] <= max(UNCONTESTED_SECONDS, 2 * elapsed)
        followed = seen & (self._table.hits[rows] >= FOLLOWED_HITS)
        if not columns.size or not np.count_nonzero(recent if np.count_nonzero(high_score) else followed):
            return rows[:0], columns[:0]  # mostly: nothing is left, or no track that may take it
        pairs = distant_similarity(self._cues, tracks[rows], found.cues[columns], typical)
        pairs = pairs[pairs.similarity >= self._cues.min_similarity]
        if not pairs.rows.size:
            return rows[:0], columns[:0]
        high_score = high_score[pairs.columns]
        single = _uncontested(pairs) & found.apart[columns][pairs.columns]
        strong = (seen & (elapsed >= SPARSE))[pairs.rows] | (single & recent[pairs.rows])
        allowed = pairs[np.where(high_score, strong, single & followed[pairs.rows])]
        allowed = Pairs(rows[allowed.rows], columns[allowed.columns], allowed.similarity, (len(absent), len(found)))
        if self._cues.appearance and self._table.appearance.memory is not None:
            allowed = self._alike(allowed, found)
        chosen = assign_greedily(allowed)
        return chosen[:, 0], chosen[:, 1]

    def _with_appearance(self, pairs: Pairs, found: FrameDetections) -> Pairs:
        """The same pairs; appearance changes their similarity, and never forbids any.

        Embeddings are computed for detections of contested pairs alone.
        """
        undecided = contested(pairs, SWING * self._cues.appearance)
        if found.embeddings.vectors is None and not np.count_nonzero(undecided):
            return pairs
        appearance = self._appearance_of(pairs, found, undecided, clearly_visible(found.cues))
        return self._added(pairs, appearance)

    def _alike(self, pairs: Pairs, found: FrameDetections) -> Pairs:
        """The distant pairs, of which there are few, without those that differ in appearance.

        Where boxes do not overlap, place says little, so that appearance may refuse what it cannot in a crowd.
        """
        every = np.ones(len(pairs.rows), dtype=bool)
        appearance = self._appearance_of(pairs, found, every, np.ones(len(found), dtype=bool))
        same = np.isnan(appearance) | (appearance >= DIFFERENT)
        return self._added(pairs[same], appearance[same])

    def _added(self, pairs: Pairs, appearance: Floats) -> Pairs:
        """The pairs with their appearance similarity ``(K,)``, NaN where it is not known, added."""
        value = pairs.similarity + self._cues.appearance * np.where(np.isnan(appearance), 0.0, appearance)
        return Pairs(pairs.rows, pairs.columns, np.maximum(value, self._cues.min_similarity), pairs.shape)

    def _appearance_of(self, pairs: Pairs, found: FrameDetections, wanted: Bools, describable: Bools) -> Floats:
        """Appearance similarity ``(K,)`` of the pairs, NaN where it is not known.

        wanted: ``(K,)``, the pairs to embed the detections of, if the track is known. describable: ``(M,)``,
        detections that may be embedded.
        """
        known = self._table.appearance.counts[pairs.rows] > 0
        asked = np.zeros(len(found), dtype=bool)
        asked[pairs.columns[wanted & known]] = True
        found.embeddings.compute(asked & describable)
        appearance = self.appearance_similarity(np.arange(len(self._table)), found.embeddings.vectors)
        return np.full(len(pairs.rows), np.nan) if appearance is None else appearance[pairs.rows, pairs.columns]

    def appearance_similarity(self, rows: Ints, vectors: Floats | None) -> Floats | None:
        """Calibrated similarity ``(R, M)`` of the tracks `rows` and embeddings ``(M, D)``, NaN where one is not known.

        None where nothing is known at all.
        """
        memory = self._table.appearance.memory
        if memory is None or vectors is None:
            return None
        appearance = self._calibration.calibrate(1.0 - memory.distances(rows, vectors))
        appearance[~memory.known(rows)] = np.nan
        appearance[:, ~vectors.any(axis=1)] = np.nan
        return appearance

    def poorly_known(self, found: DetectionCues, rows: Ints, columns: Ints, now: float) -> Bools:
        """Clearly visible detections ``(M,)`` matched with tracks of few embeddings, or of old ones."""
        appearance = self._table.appearance
        poor = (appearance.counts[rows] < ENOUGH_EMBEDDINGS) | (now - appearance.times[rows] > EMBEDDING_MAX_AGE)
        wanted = np.zeros(len(found.boxes), dtype=bool)
        wanted[columns[poor]] = True
        return wanted & clearly_visible(found)

    def calibrate(self, rows: Ints, columns: Ints, vectors: Floats | None) -> None:
        """Calibrate similarities by the matches. vectors: ``(M, D)`` of the detections."""
        memory = self._table.appearance.memory
        if memory is None or vectors is None:
            return
        known = (self._table.hits[rows] >= MIN_HITS) & memory.known(rows) & vectors[columns].any(axis=1)
        self._calibration.update(1.0 - memory.distances(rows[known], vectors[columns[known]]))


def _uncontested(pairs: Pairs) -> Bools:
    """Which pairs ``(K,)`` are the only one of their row and of their column."""
    of_row, of_column = (
        np.bincount(index, minlength=count)
        for index, count in zip((pairs.rows, pairs.columns), pairs.shape, strict=True)
    )
    return np.asarray((of_row[pairs.rows] == 1) & (of_column[pairs.columns] == 1))


def clearly_visible(found: DetectionCues) -> Bools:
    """Detections ``(M,)`` whose embeddings can be relied on; low-score ones are matched by motion alone."""
    return np.asarray(found.high_score & (found.occluded < MAX_OCCLUSION))
