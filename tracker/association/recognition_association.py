"""Recognition: which new objects are tracks that ended long ago, compared by place and by looks."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats, Ints
from tracker.association.calibration import AppearanceCalibration
from tracker.association.cue_association import clearly_visible
from tracker.association.ended_tracks import EndedTracks
from tracker.association.frame_detections import FrameDetections
from tracker.association.recognition import Recognition, by_looks, by_place
from tracker.association.track_table import TrackTable


class RecognitionAssociation:
    """Matches the tracks that have `ended` with detections that would otherwise start new ones.

    table: of the tracks that are there, who may look alike. calibration: of the embedder's similarities.
    """

    def __init__(
        self, recognition: Recognition, ended: EndedTracks, table: TrackTable, calibration: AppearanceCalibration
    ) -> None:
        self._recognition, self._ended, self._table = recognition, ended, table
        self._calibration = calibration

    def match(self, found: FrameDetections, born: Ints) -> tuple[Ints, Ints]:
        """Pairs ``(P, 2)`` of positions among the ended tracks and in `born` by place, and others by looks.

        born: rows of the detections.
        """
        ended, rules = self._ended, self._recognition
        vectors = self._vectors(found, born)
        different = ended.class_ids[:, None] != found.bare.class_ids[born][None, :]
        similarity = self._compare(ended.vectors, vectors)
        similarity[different] = -np.inf
        places = by_place(rules, ended.places, found.bare.boxes[born], similarity)
        known = np.where(np.isnan(similarity) | (ended.counts < rules.embeddings)[:, None], -np.inf, similarity)
        known[places[:, 0]], known[:, places[:, 1]] = -np.inf, -np.inf
        return places, by_looks(rules, known, self._living(vectors))

    def _vectors(self, found: FrameDetections, born: Ints) -> Floats:
        """The embeddings ``(B, D)`` of the `born` that are clearly visible, if anybody is remembered by looks."""
        if self._ended.counts.any():
            wanted = np.zeros(len(found), dtype=bool)
            wanted[born] = True
            found.embeddings.compute(wanted & clearly_visible(found.cues))
        vectors = found.embeddings.vectors
        return np.zeros((len(born), self._ended.vectors.shape[1])) if vectors is None else vectors[born]

    def _living(self, vectors: Floats) -> Floats:
        """Similarity ``(T, B)`` of the tracks that are there, minus infinity where it is not known."""
        similarity = self._compare(self._table.appearance.means(), vectors)
        return np.where(np.isnan(similarity), -np.inf, similarity)

    def _compare(self, remembered: Floats, vectors: Floats) -> Floats:
        """Calibrated similarity ``(R, B)`` of unit vectors ``(R, D)`` and ``(B, D)``, NaN where one is not known."""
        known = np.logical_and.outer(remembered.any(axis=1), vectors.any(axis=1))
        if not known.any():
            return np.full(known.shape, np.nan)
        return np.where(known, self._calibration.calibrate(remembered @ vectors.T), np.nan)
