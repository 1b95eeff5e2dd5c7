"""The life cycle of tracks after their birth: tentative, confirmed, lost, removed."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Ints
from tracker.association.ended_tracks import EndedTracks
from tracker.association.presets import Preset
from tracker.association.track_table import TrackTable

TENTATIVE_SECONDS = 0.03  # without a match: no frame of a camera of 30 a second, seven of one of 240


class LifeCycle:
    """Confirms tracks and removes them, by the numbers of a preset.

    A track is tentative until it has been matched `Preset.n_init` times; missed before that, it is removed, at high
    frame rates after `TENTATIVE_SECONDS`. A confirmed track that is missed is lost, until it is matched again or its
    time is over.

    confirmed_count: tracks confirmed so far, which is also the last number given: none is given twice. ended: those of
    them that ended and are remembered.
    """

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self.confirmed_count = 0
        self.ended = EndedTracks(preset.memory)

    def confirm(self, table: TrackTable, rows: Ints) -> None:
        """Confirm those of the tracks `rows` that were matched often enough: give them the next numbers."""
        new = rows[table.ids[rows] == 0]
        new = new[table.hits[new] >= self._preset.n_init]
        if not new.size:
            return
        new.sort()
        table.ids[new] = self.confirmed_count + 1 + np.arange(len(new))
        self.confirmed_count += len(new)

    def overdue(self, table: TrackTable, now: float) -> Bools:
        """Tracks ``(N,)`` that have been lost for so long that their predicted position is worthless."""
        late = now - table.last_seen > self._preset.max_age + 1e-9
        if not np.count_nonzero(late):  # mostly
            return late
        return np.asarray((table.ids > 0) & late & (table.missed >= max(self._preset.min_misses, 1)))

    def remove(self, table: TrackTable, missed: Ints, now: float) -> None:
        """Remove tentative tracks among those `missed` in this frame, and overdue ones.

        Overdue tracks of a known appearance are kept for revival until they are older than `Preset.max_revival_age`.
        """
        if not missed.size:
            return
        preset, memory = self._preset, table.appearance.memory
        dead = self.overdue(table, now)
        if preset.max_revival_age and memory is not None:
            dead &= (now - table.last_seen > preset.max_revival_age) | ~memory.known(np.arange(len(table)))
        dead[missed] |= table.tentative[missed] & (now - table.last_seen[missed] > TENTATIVE_SECONDS)
        if np.count_nonzero(dead):
            self.ended.remember(table, dead)
            table.keep(~dead)

    def end_all(self, table: TrackTable) -> None:
        """End all tracks at a cut. Their places are of another scene; their looks may be remembered."""
        if not self._preset.across_cuts:
            self.ended = EndedTracks(self._preset.memory)
            return
        self.ended.remember(table, np.ones(len(table), dtype=bool))
        self.ended.leave_scene()
