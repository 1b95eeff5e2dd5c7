"""One frame's detections as the tracker takes them in: those that count, their cues, and their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Detections, Ints
from detectors.boxes import areas, overlaps_among
from tracker.association.cues import DetectionCues, Overlaps, occluded_share
from tracker.association.lazy_embeddings import EmbedRows, LazyEmbeddings
from tracker.association.presets import Preset
from tracker.association.thresholds import ScoreThresholds


@dataclass(frozen=True, eq=False)
class FrameDetections:
    """The M detections of one frame that count, row by row.

    rows: ``(M,)`` among all of the frame. bare: as the detector gave them, mostly without embeddings, and without
    further columns. cues: what they show. apart: which of them overlap no other. embeddings: computed on demand.
    """

    rows: Ints
    bare: Detections
    cues: DetectionCues
    apart: Bools
    embeddings: LazyEmbeddings

    def __len__(self) -> int:
        return len(self.bare)

    def embedded(self) -> Detections:
        """The detections with the embeddings that are known so far."""
        return self.embeddings.attach(self.bare)


def select_detections(
    preset: Preset,
    thresholds: ScoreThresholds,
    detections: Detections,
    embed: EmbedRows | None,
    dimension: int = 0,
) -> FrameDetections:
    """The detections that count: at least of the low threshold, and not a part of a better one.

    embed: see `Tracker.update`. The published trackers embed every high-score detection at once; association by cues
    asks for embeddings later, as it needs them. dimension: of earlier embeddings, 0 for none.
    """
    kept = (detections.scores >= thresholds.low).nonzero()[0]
    if detections.columns:
        detections = detections.without_columns()
    if len(kept) < len(detections):
        detections = detections[kept]
    if preset.appearance == "none" and detections.embeddings is not None:
        detections = detections.with_embeddings(None)
    high_score, occluded = detections.scores >= thresholds.high, np.zeros(len(kept))
    apart = np.ones(len(kept), dtype=bool)
    if preset.cues is not None or preset.max_containment < 1:
        overlaps = overlaps_among(detections.boxes)
        occluded = occluded_share(detections.boxes, high_score, overlaps)
        apart[overlaps[0]] = False
        whole = ~contained_in_better(detections, ~high_score, preset.max_containment, overlaps)
        if np.count_nonzero(whole) < len(whole):
            detections, high_score, occluded = detections[whole], high_score[whole], occluded[whole]
            kept, apart = kept[whole], apart[whole]
    embeddings = LazyEmbeddings(detections, None if preset.appearance == "none" else embed, kept, dimension)
    if preset.cues is None:
        embeddings.compute(high_score)
    cues = DetectionCues(detections.boxes, detections.scores, detections.class_ids, high_score, occluded)
    return FrameDetections(kept, detections, cues, apart, embeddings)


def contained_in_better(
    detections: Detections, low_score: Bools, share: float, overlaps: Overlaps | None = None
) -> Bools:
    """Which detections ``(N,)`` of a low score lie inside a better one of their class with `share` of their area.

    They show a part of an object, such as the upper half of a body, not another object. low_score: ``(N,)``. overlaps:
    of their boxes, if already computed.
    """
    boxes, scores, class_ids = detections.boxes, detections.scores, detections.class_ids
    rows, columns, shared = overlaps_among(boxes) if overlaps is None else overlaps
    inside = np.zeros(len(boxes), dtype=bool)
    if not rows.size or not np.count_nonzero(low_score):
        return inside
    covered = low_score[rows] & (shared > share * areas(boxes)[rows]) & (scores[columns] > scores[rows])
    inside[rows[covered & (class_ids[columns] == class_ids[rows])]] = True
    return inside
