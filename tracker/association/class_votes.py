"""The class of each track, by vote of all its detections, since a detector errs in some frames."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints

MIN_VOTE = 1e-9  # a detection of score 0 still says of which class it is


class ClassVotes:
    """The votes of N tracks, row by row; each detection votes for its class with its score."""

    def __init__(self) -> None:
        self._classes = np.empty(0, dtype=np.int64)  # (C,) those seen so far
        self._votes: Floats = np.empty((0, 0))  # (C, N)

    @property
    def class_ids(self) -> Ints:
        """The class ``(N,)`` of each track: the one with the largest sum of scores so far."""
        return self._classes[self._votes.argmax(axis=0)] if len(self._votes) else np.empty(0, dtype=np.int64)

    def append(self, count: int) -> None:
        """Add `count` tracks without votes."""
        self._votes = np.concatenate([self._votes, np.zeros((len(self._votes), count))], axis=1)

    def keep(self, rows: Bools) -> None:
        """Keep the given tracks only."""
        self._votes = self._votes[:, rows]

    def add(self, rows: Ints, detections: Detections) -> None:
        """Count the votes of the detections of the tracks `rows`."""
        same = self._classes[:, None] == detections.class_ids
        if np.count_nonzero(same) < len(rows):
            new = np.setdiff1d(detections.class_ids, self._classes)
            self._classes = np.concatenate([self._classes, new])
            self._votes = np.concatenate([self._votes, np.zeros((len(new), self._votes.shape[1]))])
            same = self._classes[:, None] == detections.class_ids
        self._votes[:, rows] += same * np.maximum(detections.scores, MIN_VOTE)
