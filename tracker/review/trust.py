"""Trust: the estimated probability that a track is right, and the main reason for a person to look at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.annotations.document import Annotations, by_frame

DOUBTFUL, SURE = 0.5, 0.8  # of the trust: hardly trusted below the first, not to be looked at from the second on
FEATURES = {
    "score": "detected with low scores",
    "filled": "largely filled in",
    "overlap": "lies on another track: a duplicate?",
    "meetings": "met others: the same one all along?",
}
DUPLICATE_IOU, MEETING_IOU = 0.6, 0.3  # intersection over union of a duplicate, and of two tracks that meet


@dataclass(frozen=True)
class TrustModel:
    """Log-odds that a track is wrong: a logistic regression on `FEATURES`, fitted by `benchmarks.accuracy.trust`.

    intercept: of a track with nothing against it. score: for each 1 of mean score that is missing to the video's
    median, as a share of that. filled: for a track that was never detected. overlap: for a track that lies on another's
    all its life. meetings: for each natural logarithm of 1 + how often it has met another.
    """

    intercept: float = -3.28
    score: float = 3.03
    filled: float = 5.5
    overlap: float = 2.49
    meetings: float = 0.82


def estimate_trust(annotations: Annotations, model: TrustModel | None = None) -> list[tuple[float, str]]:
    """Of each track its trust in [0, 1] and the largest reason for doubt, "" for a trust of `SURE` or more."""
    model = model or TrustModel()
    doubts = trust_features(annotations) * [getattr(model, cue) for cue in FEATURES]
    trusts = 1 / (1 + np.exp(model.intercept + doubts.sum(axis=1)))
    largest = doubts.argmax(axis=1)
    words = list(FEATURES.values())
    return [(float(trust), words[cue] if trust < SURE else "") for trust, cue in zip(trusts, largest, strict=True)]


def trust_features(annotations: Annotations) -> Floats:
    """The features ``(N, C)`` of each track, in the order of `FEATURES`; 0 speaks for the track."""
    tracks = annotations.tracks
    if not tracks:
        return np.zeros((0, len(FEATURES)))
    scores = np.array([track.scores.mean() for track in tracks])
    usual = max(float(np.median(np.concatenate([track.scores for track in tracks]))), 1e-9)
    overlap, meetings = _neighbours(annotations)
    return np.column_stack(
        [
            np.clip(1 - scores / usual, 0, 1),
            [track.filled.mean() for track in tracks],
            overlap,
            np.log1p(meetings),
        ]
    )


def _neighbours(annotations: Annotations) -> tuple[Floats, Floats]:
    """Of each track the share of its boxes that lie on another's of its class, and how often it begins to meet one."""
    tracks = annotations.tracks
    lengths = np.array([len(track) for track in tracks])
    starts, boxes = np.cumsum(lengths) - lengths, np.concatenate([track.boxes for track in tracks])
    labels = np.unique([track.label for track in tracks], return_inverse=True)[1]
    on, near = np.zeros(len(boxes), dtype=bool), np.zeros(len(boxes) + 1, dtype=bool)
    for _, owners, rows in by_frame(tracks):
        if len(owners) < 2:
            continue
        here = starts[owners] + rows
        overlaps = iou_matrix(boxes[here], boxes[here]) * (labels[owners][:, None] == labels[owners])
        np.fill_diagonal(overlaps, 0)
        most = overlaps.max(axis=1)
        on[here], near[here] = most >= DUPLICATE_IOU, most >= MEETING_IOU
    begins = near[:-1] & ~np.roll(near, 1)[:-1]
    begins[starts] = near[starts]
    return np.add.reduceat(on, starts, dtype=float) / lengths, np.add.reduceat(begins, starts, dtype=float)
