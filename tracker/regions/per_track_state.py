"""Columns of state with a row for each track; tracks that have not been seen for long are forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Ints

Column = npt.NDArray[Any]

SECONDS, UPDATES = 60.0, 100  # a track missed for longer than both is forgotten: few come back later
MISSED = 3  # updates that a track is missed at least before its absence is one, at low frame rates


class PerTrackState:
    """Columns with a row for each track.

    blank: name -> the row ``(...)`` of a new track, which also gives the column its dtype. ``state["side"]`` is a
    column ``(M, ...)``; each call of `rows` replaces the arrays. absence: seconds out of sight after which a track
    begins anew.
    """

    def __init__(self, blank: Mapping[str, Column], absence: float = np.inf) -> None:
        self._absence = absence
        self._blank = dict(blank) | {"seen": np.array(0.0), "update": np.array(0)}
        self._columns = {name: np.empty((0, *row.shape), dtype=row.dtype) for name, row in self._blank.items()}
        self.ids: Ints = np.empty(0, dtype=np.int64)
        self._updates = 0
        self._cleaned = 0

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def rows(self, ids: Ints, now: float) -> Ints:
        """The rows ``(N,)`` of the tracks that are seen now; unknown tracks get new rows. now: seconds."""
        self._updates += 1
        if self._updates - self._cleaned > UPDATES:
            self._forget(now)
        if len(ids) > len(self.ids) or not np.isin(ids, self.ids, kind="sort").all():
            self._append(np.setdiff1d(ids, self.ids))
        rows = np.searchsorted(self.ids, ids)
        away = (now - self["seen"][rows] > self._absence) & (self._updates - self["update"][rows] > MISSED)
        for name, row in self._blank.items() if away.any() else ():
            self[name][rows[away]] = row
        self["seen"][rows], self["update"][rows] = now, self._updates
        return np.asarray(rows)

    def forget_all(self) -> None:
        """All tracks begin anew, as at a cut."""
        self.ids = self.ids[:0]
        self._columns = {name: column[:0] for name, column in self._columns.items()}

    def _append(self, new: Ints) -> None:
        """Add blank rows; rows are kept in the order of track ids."""
        ids = np.concatenate([self.ids, new])
        order = np.argsort(ids, kind="stable")
        self.ids = ids[order]
        for name, row in self._blank.items():
            column = np.concatenate([self[name], np.broadcast_to(row, (len(new), *row.shape))])
            self._columns[name] = column[order]

    def _forget(self, now: float) -> None:
        self._cleaned = self._updates
        kept = (now - self["seen"] <= SECONDS) | (self._updates - self["update"] <= UPDATES)
        self.ids = self.ids[kept]
        self._columns = {name: column[kept] for name, column in self._columns.items()}
