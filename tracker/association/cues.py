"""How well tracks and detections go together: overlap, and weaker cues that decide between rivals.

Cues and their sources: overlap of heights (Yang et al., "Hybrid-SORT: Weak cues matter for online multi-object
tracking", 2024, equation 4); grown boxes (Yang et al., "Hard to track objects with irregular motions and similar
appearances? Make it easier by buffering the matching space", 2023); the change of the score (Hybrid-SORT, section
3.2); a price for weak detections in one common association (Shim et al., "Focusing on tracks for online multi-object
tracking", 2025). That a track and its detection are hidden by others alike, and stand on the same ground, are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Detections, Floats, Ints
from detectors.boxes import areas, overlapping_pairs
from tracker.association.matching import Pairs

MOST_WAITING = 5  # updates; a longer absence says no more
MOST_GROWTH = 0.2  # beyond it neighbours are no longer told apart


@dataclass(frozen=True)
class Cues:
    """Weights of the cues, in units of overlap; 0 leaves one out.

    height_overlap: multiply the IoU by the overlap of the vertical extents. growth: share of its side by which each
    box is grown on each of its four sides; growing, what it is at least for each second since the last frame, up to
    `MOST_GROWTH`. score_change: per difference in score, as a share of the typical score.
    bottom_edge: for feet half a height apart. weak: for a detection below the threshold. waiting: for a track missed
    `MOST_WAITING` times. occlusion: for a track and a detection of which one is hidden entirely and the other not at
    all. class_change: for another class. appearance: for a likeness of 1 (`LikenessScale`), where looks are known.
    least: pairs below this similarity never match. mutual: match pairs that are each other's best (`mutual_best`),
    rather than those that are worth most together (`assign`).
    """

    height_overlap: bool = True
    growth: float = 0.05
    growing: float = 0.5
    score_change: float = 0.13
    bottom_edge: float = 0.2
    weak: float = 0.4
    waiting: float = 0.05
    occlusion: float = 0.2
    class_change: float = 0.3
    appearance: float = 0.6
    least: float = 0.15
    mutual: bool = True


@dataclass(frozen=True, eq=False)
class Expected:
    """What the N tracks lead to expect: predicted xyxy boxes ``(N, 4)``, last scores, updates missed, class ids,
    whether each is trusted, and the share of it that is hidden (`hidden_share`), all ``(N,)``.
    """

    boxes: Floats
    scores: Floats
    missed: Ints
    class_ids: Ints
    trusted: Bools
    hidden: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """What was found: M detections as columns, whether each reaches the threshold, and the share that is hidden."""

    boxes: Floats
    scores: Floats
    class_ids: Ints
    strong: Bools
    hidden: Floats


def similarity(cues: Cues, tracks: Expected, found: Found, typical: float, elapsed: float) -> Pairs:
    """The pairs of N tracks and M detections that can belong together, and how similar they are, at most 1.

    Only trusted tracks are open to weak detections. typical: score of a typical object. elapsed: seconds since the last
    frame; the longer, the farther has each strayed from its path.
    """
    growth = max(cues.growth, min(cues.growing * elapsed, MOST_GROWTH))
    track_boxes, boxes = grow(tracks.boxes, growth), grow(found.boxes, growth)
    i, j, shared = overlapping_pairs(track_boxes, boxes)
    possible = tracks.trusted[i] | found.strong[j]
    i, j, shared = i[possible], j[possible], shared[possible]
    value = _overlap(track_boxes[i], boxes[j], shared, cues.height_overlap)
    if cues.score_change:
        value -= cues.score_change / typical * np.abs(tracks.scores[i] - found.scores[j])
    if cues.bottom_edge:
        value -= cues.bottom_edge * _bottom_difference(tracks.boxes[i], found.boxes[j])
    if cues.occlusion:
        value -= cues.occlusion * np.abs(tracks.hidden[i] - found.hidden[j])
    value -= cues.weak * ~found.strong[j]
    value -= (cues.waiting * np.minimum(tracks.missed, MOST_WAITING) / MOST_WAITING)[i]
    value -= cues.class_change * (tracks.class_ids[i] != found.class_ids[j])
    return Pairs(i, j, value, (len(tracks.boxes), len(found.boxes)))


def grow(boxes: Floats, share: float) -> Floats:
    """xyxy boxes ``(N, 4)``, grown on each side by a share of their width or height."""
    margin = share * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


Overlaps = tuple[Ints, Ints, Floats]
"""What `overlapping_pairs` tells of boxes and themselves."""


def hidden_share(boxes: Floats, solid: Bools, overlaps: Overlaps | None = None) -> Floats:
    """The largest share ``(N,)`` of each xyxy box that a single `solid` one in front of it covers.

    In front is what stands lower in the picture: nearer to a camera that looks along the ground. overlaps: of the
    boxes, where they are known already.
    """
    rows, columns, shared = overlapping_pairs(boxes, boxes) if overlaps is None else overlaps
    behind = solid[columns] & (boxes[rows, 3] < boxes[columns, 3])
    share = np.zeros(len(boxes))
    np.maximum.at(share, rows[behind], shared[behind])
    return np.asarray(share / np.maximum(areas(boxes), 1e-6))


def inside_better(detections: Detections, weak: Bools, share: float, overlaps: Overlaps | None = None) -> Bools:
    """Which detections ``(N,)`` are weak and lie inside a better one of their class with `share` of their area.

    They are a part of it, such as the upper half of a body, rather than another object. overlaps: of their boxes, where
    they are known already.
    """
    boxes, scores, class_ids = detections.boxes, detections.scores, detections.class_ids
    rows, columns, shared = overlapping_pairs(boxes, boxes) if overlaps is None else overlaps
    covered = weak[rows] & (shared > share * areas(boxes)[rows]) & (scores[columns] > scores[rows])
    inside = np.zeros(len(boxes), dtype=bool)
    inside[rows[covered & (class_ids[columns] == class_ids[rows])]] = True
    return inside


def _overlap(a: Floats, b: Floats, shared: Floats, of_heights: bool) -> Floats:
    """IoU ``(K,)`` of pairs of boxes ``(K, 4)`` that share an area ``(K,)``.

    of_heights: multiplied by the overlap over union of the vertical extents.
    """
    iou = shared / (areas(a) + areas(b) - shared)
    if not of_heights:
        return np.asarray(iou)
    common = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    extent = np.maximum(a[:, 3], b[:, 3]) - np.minimum(a[:, 1], b[:, 1])
    return np.asarray(iou * common / extent)


def _bottom_difference(a: Floats, b: Floats) -> Floats:
    """Distance ``(K,)`` of the bottom edges of pairs of boxes in halves of the smaller height, at most 1."""
    height = np.minimum(a[:, 3] - a[:, 1], b[:, 3] - b[:, 1])
    return np.minimum(2 * np.abs(a[:, 3] - b[:, 3]) / np.maximum(height, 1e-6), 1.0)
