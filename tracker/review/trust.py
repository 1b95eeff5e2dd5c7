"""How far each track can be trusted, and in words why a person should look at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame

DOUBTFUL, SURE = 0.5, 0.8  # of the trust: below the first hardly, from the second on well trusted


@dataclass(frozen=True)
class Doubting:
    """What makes a track doubtful, as log-odds. Set by hand, not fitted: the order counts, the value is no probability.

    start: of a track with nothing against it. score: more for each 1 of mean score that is missing. short: more for a
    life of no time at all, none from `lasting` seconds on. filled: more for a track that nobody has seen. jump: more
    for each height, beyond `still`, of the largest step against its own motion, up to `most`. overlap: more for a track
    that lies on another's all its life. same: intersection over union from which two boxes lie on each other.
    """

    start: float = -4.0
    score: float = 4.0
    short: float = 2.0
    filled: float = 3.0
    jump: float = 2.0
    overlap: float = 3.0
    lasting: float = 1.0
    still: float = 0.3
    most: float = 1.5
    same: float = 0.6


def trust_of(annotations: Annotations, doubting: Doubting | None = None) -> list[tuple[float, str]]:
    """Of each track its trust in [0, 1] and the largest reason for doubt, "" where there is hardly any."""
    doubting = doubting or Doubting()
    overlaps = _overlaps(annotations, doubting.same)
    return [
        _judge(annotations, track, float(share), doubting)
        for track, share in zip(annotations.tracks, overlaps, strict=True)
    ]


def _judge(annotations: Annotations, track: AnnotatedTrack, overlap: float, doubting: Doubting) -> tuple[float, str]:
    first, last = annotations.time_of(track.frames[[0, -1]])
    jump = min(max(0.0, largest_jump(track) - doubting.still), doubting.most)
    doubts = {
        "detected with low scores": doubting.score * (1 - float(np.clip(track.scores.mean(), 0, 1))),
        "short": doubting.short * max(0.0, 1 - (last - first) / doubting.lasting),
        "largely filled in": doubting.filled * float(track.filled.mean()),
        "jumps against its own motion": doubting.jump * jump,
        "lies on another track: a duplicate?": doubting.overlap * overlap,
    }
    trust = 1 / (1 + np.exp(doubting.start + sum(doubts.values())))
    reason = max(doubts, key=lambda name: doubts[name])
    return float(trust), reason if doubts[reason] >= 1 else ""


def largest_jump(track: AnnotatedTrack) -> float:
    """The largest change, in own heights, from one step between neighbouring frames to the next."""
    largest = 0.0
    heights = np.maximum(track.boxes[:, 3] - track.boxes[:, 1], 1.0)
    centres = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    for rows in track.stretches():
        bends = np.linalg.norm(np.diff(centres[rows], n=2, axis=0), axis=1)
        largest = max(largest, float((bends / heights[rows][1:-1]).max(initial=0.0)) if len(bends) else 0.0)
    return largest


def _overlaps(annotations: Annotations, same: float) -> Floats:
    """The share of each track's boxes that lie on another track's of the same class."""
    tracks = annotations.tracks
    if not tracks:
        return np.zeros(0)
    lengths = np.array([len(track) for track in tracks])
    starts, boxes = np.cumsum(lengths) - lengths, np.concatenate([track.boxes for track in tracks])
    labels = np.unique([track.label for track in tracks], return_inverse=True)[1]
    counts = np.zeros(len(tracks))
    for _, owners, rows in by_frame(tracks):
        if len(owners) < 2:
            continue
        here = boxes[starts[owners] + rows]
        alike = (iou_matrix(here, here) >= same) & (labels[owners][:, None] == labels[owners])
        counts[owners] += alike.sum(axis=1) > 1  # each is like itself
    return np.asarray(counts / lengths)
