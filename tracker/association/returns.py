"""Objects that come back and get their numbers: lost tracks, and those that have ended, and why that is so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Floats, Ints
from tracker.association.calibration import AppearanceCalibration
from tracker.association.cue_association import CueAssociation
from tracker.association.frame_detections import FrameDetections
from tracker.association.life_cycle import LifeCycle
from tracker.association.presets import Preset
from tracker.association.recognition_association import RecognitionAssociation
from tracker.association.revival_association import RevivalAssociation
from tracker.association.track_table import TrackTable
from tracker.association.tracks import Reason, Return


class Returns:
    """Gives detections that would start tracks to those of `table` that are lost, or to those that have ended.

    cues: None for trackers that associate in stages, which recognise nobody. calibration: of the embedder's
    similarities. these: of the last frame.
    """

    def __init__(
        self,
        preset: Preset,
        table: TrackTable,
        life_cycle: LifeCycle,
        cues: CueAssociation | None,
        calibration: AppearanceCalibration,
    ) -> None:
        self._table, self._life_cycle, self._ended = table, life_cycle, life_cycle.ended
        self._revival = None if preset.revival is None else RevivalAssociation(preset.revival, table, cues)
        self._recognition = None
        if cues is not None and preset.memory and preset.recognition is not None:
            self._recognition = RecognitionAssociation(preset.recognition, self._ended, table, calibration)
        self.these: tuple[Return, ...] = ()

    def observe(self, now: float) -> None:
        """Every now and then, look at who stands where."""
        table = self._table
        if self._recognition is None or not table.standing.due(now):
            return
        seen = table.confirmed.nonzero()[0]
        table.standing.observe(seen, table.boxes[seen], now)
        self._ended.expire(now)
        self._ended.give_up_claimed(table.boxes[seen], table.class_ids[seen])

    def revive(self, found: FrameDetections, born: Ints, missed: Ints, now: float) -> Ints:
        """Give lost tracks that have come back their detections among the `born`; returns the others.

        missed: rows of the table that no detection was matched with.
        """
        self.these = ()
        table = self._table
        lost = missed[table.lost[missed]] if born.size else missed
        if self._revival is None or not born.size or not lost.size:
            return born
        overdue = self._life_cycle.overdue(table, now)
        tracks, candidates, looked = self._revival.match(found, born, lost, overdue, now)
        if not len(tracks):  # mostly
            return born
        rows, columns = lost[tracks], born[candidates]
        before = table.ids[rows], now - table.last_seen[rows], table.appearance.means()[rows]
        self._tell(before, found, columns, ["looks" if each else "motion" for each in looked])
        table.filter.reset(rows, found.bare.boxes[columns])
        table.match(rows, found.embedded()[columns], found.rows[columns], now)
        return np.delete(born, candidates)

    def recognise(self, found: FrameDetections, born: Ints, now: float) -> Ints:
        """Start those of the `born` that are tracks which have ended, under their old numbers; returns the others."""
        ended = self._ended
        if self._recognition is None or not born.size or not len(ended):
            return born
        back = np.zeros(len(ended), dtype=bool)
        places, looks = self._recognition.match(found, born)
        if not len(places) and not len(looks):  # mostly
            return born
        reasons: tuple[tuple[Reason, Ints], ...] = (("place", places), ("looks", looks))
        for by, pairs in reasons:
            entries, columns = pairs[:, 0], born[pairs[:, 1]]
            before = ended.ids[entries], now - ended.last_seen[entries], ended.vectors[entries]
            self._tell(before, found, columns, [by] * len(pairs))
            rows = self._table.append(found.embedded()[columns], found.rows[columns], now)
            self._table.resume(rows, ended.ids[entries], ended.hits[entries], ended.first_seen[entries])
            self._table.appearance.recall(rows, ended.vectors[entries], ended.counts[entries])
            back[entries] = True
        ended.keep(~back)
        return np.delete(born, np.concatenate([places, looks])[:, 1])

    def _tell(
        self,
        before: tuple[Ints, Floats, Floats],
        found: FrameDetections,
        columns: Ints,
        reasons: Sequence[Reason],
    ) -> None:
        """Note why they are back. before: numbers, seconds since they were seen, and mean embeddings ``(R, D)``."""
        now = found.embeddings.vectors
        for track_id, seconds, mean, column, by in zip(*before, columns, reasons, strict=True):
            cosine = None if now is None or not mean.any() or not now[column].any() else float(mean @ now[column])
            self.these += (Return(int(track_id), float(seconds), by, cosine),)
