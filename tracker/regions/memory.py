"""What is remembered of each track, as columns; what has not been seen for long is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Ints

Column = npt.NDArray[Any]

SECONDS, LOOKS = (
    60.0,
    100,
)  # a track is forgotten once it was missed for that long and that often: no tracker waits longer


class Memory:
    """Columns with a row a track.

    blank: name -> what a new track's row holds ``(...)``, whose dtype the column gets. The columns are attributes by
    item: ``memory["side"]``, ``(M, ...)``; they are other arrays after each `rows`.
    """

    def __init__(self, blank: Mapping[str, Column]) -> None:
        self._blank = dict(blank) | {"seen": np.array(0.0), "look": np.array(0)}
        self._columns = {name: np.empty((0, *row.shape), dtype=row.dtype) for name, row in self._blank.items()}
        self.ids: Ints = np.empty(0, dtype=np.int64)
        self._looks = 0
        self._tidied = 0

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def rows(self, ids: Ints, now: float) -> Ints:
        """The row ``(N,)`` of each track that is seen now, new ones for those that are not known. now: seconds."""
        self._looks += 1
        if self._looks - self._tidied > LOOKS:
            self._forget(now)
        if len(ids) > len(self.ids) or not np.isin(ids, self.ids, kind="sort").all():
            self._append(np.setdiff1d(ids, self.ids))
        rows = np.searchsorted(self.ids, ids)
        self["seen"][rows], self["look"][rows] = now, self._looks
        return np.asarray(rows)

    def _append(self, new: Ints) -> None:
        """Add blank rows; the rows are kept in the order of the tracks' numbers."""
        ids = np.concatenate([self.ids, new])
        order = np.argsort(ids, kind="stable")
        self.ids = ids[order]
        for name, row in self._blank.items():
            column = np.concatenate([self[name], np.broadcast_to(row, (len(new), *row.shape))])
            self._columns[name] = column[order]

    def _forget(self, now: float) -> None:
        self._tidied = self._looks
        kept = (now - self["seen"] <= SECONDS) | (self._looks - self["look"] <= LOOKS)
        self.ids = self.ids[kept]
        self._columns = {name: column[kept] for name, column in self._columns.items()}
