"""All living tracks as columns, a row each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from tracker.appearance.gallery import AppearanceMemory
from tracker.association.class_votes import ClassVotes
from tracker.association.kalman import KalmanFilter
from tracker.association.motion_models import MotionModel
from tracker.association.running_means import RunningMeans
from tracker.association.standing import StandingPlaces
from tracker.association.track_appearance import TrackAppearance
from tracker.association.track_matches import TrackMatches
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE, Assignments
from tracker.motion.camera_motion import move_boxes
from tracker.motion.displacements import Displacements

COLUMNS = ("serials", "ids", "missed", "scores", "boxes")


class TrackTable:
    """All living tracks, row by row.

    filter, appearance, classes, means, matches, standing: their motion, embeddings, class votes, usual height and
    score, matches, and the places where they stand, with the same rows.
    serials: in the order they were started, from 0. ids: 0 until confirmed. missed: updates since the last
    match. boxes, scores: of the last matched detection.
    """

    def __init__(self, motion: MotionModel, memory: Callable[[int], AppearanceMemory]) -> None:
        self.filter = KalmanFilter(motion)
        self.appearance = TrackAppearance(memory)
        self.classes = ClassVotes()
        self.means = RunningMeans()
        self.matches = TrackMatches()
        self.standing = StandingPlaces()
        self.serials, self.ids, self.missed = (np.empty(0, dtype=np.int64) for _ in range(3))
        self.scores, self.boxes = np.empty(0), np.empty((0, 4))
        self._started = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def tentative(self) -> Bools:
        """Which tracks ``(N,)`` are not confirmed yet."""
        return np.asarray(self.ids == 0)

    @property
    def confirmed(self) -> Bools:
        """Which tracks ``(N,)`` are confirmed, and were matched in the last update."""
        return np.asarray((self.ids > 0) & (self.missed == 0))

    @property
    def lost(self) -> Bools:
        """Which tracks ``(N,)`` are confirmed, but have been missed since."""
        return np.asarray((self.ids > 0) & (self.missed > 0))

    @property
    def state(self) -> Ints:
        """TENTATIVE, CONFIRMED or LOST, ``(N,)``."""
        return np.where(self.ids == 0, TENTATIVE, np.where(self.missed == 0, CONFIRMED, LOST))

    @property
    def hits(self) -> Ints:
        """Matches so far ``(N,)``."""
        return self.matches.hits

    @property
    def first_seen(self) -> Floats:
        """Seconds ``(N,)``, time of the first match."""
        return self.matches.first

    @property
    def last_seen(self) -> Floats:
        """Seconds ``(N,)``, time of the last match."""
        return self.matches.last

    @property
    def class_ids(self) -> Ints:
        """The class ``(N,)`` of each track."""
        return self.classes.class_ids

    @property
    def assignments(self) -> Assignments:
        """The detections of the last update."""
        rows = self.missed == 0
        embeddings = None if self.appearance.memory is None else self.appearance.last[rows]
        return Assignments(
            self.serials[rows],
            self.ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.class_ids[rows],
            embeddings,
            self.matches.columns(rows),
        )

    def append(self, detections: Detections, given: Ints, now: float) -> Ints:
        """Start a tentative track at every detection; returns their rows. given: the detections' rows in the frame."""
        count, start = len(detections), len(self)
        self.filter.append(detections.boxes)
        self.appearance.append(detections, now)
        zeros = np.zeros(count, dtype=np.int64)
        self.serials = np.concatenate([self.serials, self._started + np.arange(count)])
        self._started += count
        self.ids = np.concatenate([self.ids, zeros])
        self.missed = np.concatenate([self.missed, zeros])
        self.matches.append(given, now)
        self.standing.append(detections.boxes, now)
        self.scores = np.concatenate([self.scores, detections.scores])
        self.boxes = np.concatenate([self.boxes, detections.boxes])
        rows = np.arange(start, start + count)
        self.means.append(detections)
        self.classes.append(count)
        self.classes.add(rows, detections)
        return rows

    def resume(self, rows: Ints, ids: Ints, hits: Ints, first_seen: Floats) -> None:
        """Let tracks that have just been started go on as others that ended."""
        self.ids[rows] = ids
        self.hits[rows] += hits
        self.matches.first[rows] = first_seen

    def match(self, rows: Ints, detections: Detections, given: Ints, now: float) -> Floats:
        """Give each of the tracks `rows` its detection. given: the detections' rows in the frame.

        Returns the squared innovations ``(R, 4)`` of the filter over their variances.
        """
        ratios = self.filter.update(rows, detections.boxes)
        self.missed[rows] = 0
        elapsed = now - self.matches.last[rows]
        self.matches.update(rows, given, now)
        self.means.update(rows, detections, self.hits[rows], elapsed)
        self.scores[rows] = detections.scores
        self.boxes[rows] = detections.boxes
        self.classes.add(rows, detections)
        self.appearance.update(rows, detections.embeddings, now)
        return ratios

    def miss(self, rows: Ints) -> None:
        """Count an update without a detection for the tracks `rows`."""
        self.missed[rows] += 1

    def move(self, camera: Floats) -> None:
        """Move all remembered positions with the picture. camera: affine matrix ``(2, 3)``."""
        self.filter.warp(camera)
        self.boxes = move_boxes(self.boxes, camera)
        self.standing.move(camera)

    def propagate(self, seconds: float, displacements: Displacements | None) -> None:
        """Move all tracks on to a frame without detections, `seconds` later.

        displacements: of the boxes of `assignments`, as measured in the pictures. Where one is not reliable, the filter
        predicts it. Boxes keep their size: from one detection to the next it varies more by noise than by change.
        """
        rows, before = np.flatnonzero(self.missed == 0), self.filter.centres()
        reliable = np.zeros(len(rows), dtype=bool) if displacements is None else displacements.reliable
        offsets = np.empty((0, 2)) if displacements is None else displacements.offsets[reliable]
        deviation = 0.0 if displacements is None else displacements.deviation
        self.filter.propagate(seconds, rows[reliable], offsets, deviation)
        moves = self.filter.centres() - before
        moves[rows[reliable]] = offsets
        self.boxes = self.boxes + np.tile(moves, 2)

    def keep(self, rows: Bools) -> None:
        """Remove all other tracks."""
        self.filter.keep(rows)
        self.appearance.keep(rows)
        self.classes.keep(rows)
        self.means.keep(rows)
        self.matches.keep(rows)
        self.standing.keep(rows)
        for name in COLUMNS:
            setattr(self, name, getattr(self, name)[rows])
