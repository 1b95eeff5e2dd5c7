"""Revival: which new objects are lost ones that have come back where prediction did not expect them."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.association.cue_association import CueAssociation
from tracker.association.frame_detections import FrameDetections
from tracker.association.matching import Pairs, assign_greedily
from tracker.association.revival import Revival, motion_cost, revival_cost
from tracker.association.track_table import TrackTable


class RevivalAssociation:
    """Matches lost tracks of `table` with detections that would otherwise start new ones.

    cues: compares embeddings; None for motion alone.
    """

    def __init__(self, revival: Revival, table: TrackTable, cues: CueAssociation | None) -> None:
        self._revival, self._table = revival, table
        self._cues = cues if revival.appearance else None

    def match(
        self, found: FrameDetections, born: Ints, lost: Ints, overdue: Bools, now: float
    ) -> tuple[Ints, Ints, Bools]:
        """Pairs of positions in `lost` and in `born`, and for which ``(P,)`` of them looks were needed.

        born: rows of the detections. lost: rows of the table. overdue: ``(N,)``, tracks whose last position is
        worthless.
        """
        table, detections = self._table, found.bare
        gap = now - table.last_seen[lost]
        velocity = table.filter.velocity[lost, :2]
        cost = motion_cost(self._revival, table.boxes[lost], velocity, gap, detections.boxes[born])
        cost += table.class_ids[lost][:, None] != detections.class_ids[born][None, :]
        if not np.count_nonzero(cost < self._revival.max_motion_cost):  # mostly: nothing new is near a lost one
            return lost[:0], born[:0], overdue[:0]
        appearance = self._appearance(found, born, lost, cost)
        total = revival_cost(self._revival, cost, appearance, overdue[lost])
        rows, columns = assign_greedily(Pairs.at_least(-total, -1.0)).T
        return rows, columns, overdue[lost[rows]] | (cost[rows, columns] > 1.0)

    def _appearance(self, found: FrameDetections, born: Ints, lost: Ints, cost: Floats) -> Floats:
        """Appearance similarity ``(L, B)``, NaN where not known. Embeds what motion alone does not exclude."""
        appearance = None
        if self._cues is not None:
            known = self._table.appearance.counts[lost] > 0
            wanted = np.zeros(len(found), dtype=bool)
            wanted[born[((cost < self._revival.max_motion_cost) & known[:, None]).any(axis=0)]] = True
            found.embeddings.compute(wanted)
            vectors = found.embeddings.vectors
            appearance = self._cues.appearance_similarity(lost, None if vectors is None else vectors[born])
        return np.full_like(cost, np.nan) if appearance is None else appearance
