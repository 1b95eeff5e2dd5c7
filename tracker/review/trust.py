"""How far each track can be trusted, and in words why a person should look at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.annotations.document import Annotations, by_frame

DOUBTFUL, SURE = 0.5, 0.8  # of the trust: hardly trusted below the first, not to be looked at from the second on
CUES = {
    "score": "detected with low scores",
    "filled": "largely filled in",
    "overlap": "lies on another track: a duplicate?",
    "meetings": "met others: the same one all along?",
}
ON, NEAR = 0.6, 0.3  # intersection over union of a duplicate, and of two that meet


@dataclass(frozen=True)
class Doubting:
    """What makes a track doubtful, as log-odds: a logistic regression on `CUES`, by `benchmarks.accuracy.trust`.

    start: of a track with nothing against it. score: more for each 1 of mean score that is missing to the video's
    usual one, as a share of that. filled: more for a track that nobody has seen. overlap: more for a track that lies
    on another's all its life. meetings: more for each natural logarithm of 1 + how often it has met another.
    """

    start: float = -3.28
    score: float = 3.03
    filled: float = 5.5
    overlap: float = 2.49
    meetings: float = 0.82


def trust_of(annotations: Annotations, doubting: Doubting | None = None) -> list[tuple[float, str]]:
    """Of each track its trust in [0, 1] and the largest reason for doubt, "" for a trust of `SURE` or more."""
    doubting = doubting or Doubting()
    doubts = cues_of(annotations) * [getattr(doubting, cue) for cue in CUES]
    trusts = 1 / (1 + np.exp(doubting.start + doubts.sum(axis=1)))
    largest = doubts.argmax(axis=1)
    words = list(CUES.values())
    return [(float(trust), words[cue] if trust < SURE else "") for trust, cue in zip(trusts, largest, strict=True)]


def cues_of(annotations: Annotations) -> Floats:
    """What speaks against each track ``(N, C)``, in the order of `CUES`, 0 for nothing."""
    tracks = annotations.tracks
    if not tracks:
        return np.zeros((0, len(CUES)))
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
        on[here], near[here] = most >= ON, most >= NEAR
    begins = near[:-1] & ~np.roll(near, 1)[:-1]
    begins[starts] = near[starts]
    return np.add.reduceat(on, starts, dtype=float) / lengths, np.add.reduceat(begins, starts, dtype=float)
