"""When each track was matched, and with which detection of the last frame."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Detections, Ints
from detectors.columns import Columns, rows_or_missing


class TrackMatches:
    """The matches of N tracks.

    hits: ``(N,)``, how many. first, last: ``(N,)`` seconds, time of the first and of the last match. rows: ``(N,)``,
    the row that each was given among the last frame's detections, -1 for none. An empty frame, and one that nobody
    detected in, has the columns of the one before, so that their names stay.
    """

    def __init__(self) -> None:
        self.first, self.last = np.empty(0), np.empty(0)
        self.rows, self.hits = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self._columns: Columns = {}

    def begin_frame(self, detections: Detections | None) -> None:
        """No track has been given a detection of this frame yet. detections: of the frame, None where nobody looked."""
        self.rows = np.full(len(self.rows), -1)
        if detections is not None and (len(detections) or detections.columns):
            self._columns = detections.columns

    def append(self, rows: Ints, now: float) -> None:
        """Start tracks at these rows of the frame's detections."""
        seconds = np.full(len(rows), now)
        self.first, self.last = np.concatenate([self.first, seconds]), np.concatenate([self.last, seconds])
        self.rows = np.concatenate([self.rows, rows])
        self.hits = np.concatenate([self.hits, np.ones(len(rows), dtype=np.int64)])

    def update(self, tracks: Ints, rows: Ints, now: float) -> None:
        """Give each of `tracks` ``(R,)`` its row ``(R,)`` of the frame's detections."""
        self.hits[tracks] += 1
        self.last[tracks] = now
        self.rows[tracks] = rows

    def keep(self, tracks: Bools) -> None:
        """Keep the given tracks only."""
        self.first, self.last, self.rows = self.first[tracks], self.last[tracks], self.rows[tracks]
        self.hits = self.hits[tracks]

    def columns(self, tracks: Ints | Bools) -> Columns:
        """What the detections of `tracks` carry, missing where a track has none (see `rows_or_missing`)."""
        return rows_or_missing(self._columns, self.rows[tracks]) if self._columns else {}
