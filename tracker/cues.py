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
from detectors.boxes import areas, overlap_areas

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
    whether each is trusted, and whether it was seen in the last frame, all ``(N,)``.
    """

    boxes: Floats
    scores: Floats
    missed: Ints
    class_ids: Ints
    trusted: Bools
    seen: Bools


def similarity(
    cues: Cues, tracks: Expected, detections: Detections, strong: Bools, typical: float, elapsed: float
) -> Floats:
    """Similarity ``(N, M)`` of tracks and detections, minus infinity where they cannot belong together.

    strong: ``(M,)``, which detections reach the threshold; the others are open to trusted tracks only. typical: score
    of a typical object. elapsed: seconds since the last frame; the longer, the farther has each strayed from its path.
    Worth 1 for a pair without any difference.
    """
    boxes = detections.boxes
    growth = max(cues.growth, min(cues.growing * elapsed, MOST_GROWTH))
    value = _overlap(grow(tracks.boxes, growth), grow(boxes, growth), cues.height_overlap)
    impossible = (value <= 0) | (~tracks.trusted[:, None] & ~strong[None, :])
    if cues.score_change:
        value -= cues.score_change / typical * np.abs(tracks.scores[:, None] - detections.scores[None, :])
    if cues.bottom_edge:
        value -= cues.bottom_edge * _bottom_difference(tracks.boxes, boxes)
    if cues.occlusion:
        hidden_tracks = hidden_share(tracks.boxes, tracks.trusted & tracks.seen)
        hidden_boxes = hidden_share(boxes, strong)
        value -= cues.occlusion * np.abs(hidden_tracks[:, None] - hidden_boxes[None, :])
    value -= cues.weak * ~strong[None, :]
    value -= cues.waiting * np.minimum(tracks.missed, MOST_WAITING)[:, None] / MOST_WAITING
    value -= cues.class_change * (tracks.class_ids[:, None] != detections.class_ids[None, :])
    value[impossible] = -np.inf
    return value


def grow(boxes: Floats, share: float) -> Floats:
    """xyxy boxes ``(N, 4)``, grown on each side by a share of their width or height."""
    margin = share * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def hidden_share(boxes: Floats, solid: Bools) -> Floats:
    """The largest share ``(N,)`` of each xyxy box that a single `solid` one in front of it covers.

    In front is what stands lower in the picture: nearer to a camera that looks along the ground.
    """
    if not solid.any():
        return np.zeros(len(boxes))
    covered = overlap_areas(boxes, boxes[solid])
    covered[boxes[:, None, 3] >= boxes[None, solid, 3]] = 0.0
    return np.asarray(covered.max(axis=1) / np.maximum(areas(boxes), 1e-6))


def inside_better(detections: Detections, weak: Bools, share: float) -> Bools:
    """Which detections ``(N,)`` are weak and lie inside a better one of their class with `share` of their area.

    They are a part of it, such as the upper half of a body, rather than another object.
    """
    boxes, scores = detections.boxes, detections.scores
    if not weak.any():
        return np.zeros(len(boxes), dtype=bool)
    covered = overlap_areas(boxes[weak], boxes) > share * areas(boxes[weak])[:, None]
    covered &= scores[None, :] > scores[weak, None]
    covered &= detections.class_ids[None, :] == detections.class_ids[weak, None]
    inside = np.zeros(len(boxes), dtype=bool)
    inside[weak] = covered.any(axis=1)
    return inside


def _overlap(a: Floats, b: Floats, of_heights: bool) -> Floats:
    """IoU ``(N, M)``, multiplied by the overlap over union of the vertical extents if asked for."""
    shared = overlap_areas(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    iou = shared / np.where(union > 0, union, 1.0)
    if not of_heights:
        return np.asarray(iou)
    low, high = np.minimum(a[:, None, 3], b[None, :, 3]), np.maximum(a[:, None, 1], b[None, :, 1])
    extent = np.maximum(a[:, None, 3], b[None, :, 3]) - np.minimum(a[:, None, 1], b[None, :, 1])
    return np.asarray(iou * np.maximum(low - high, 0.0) / np.where(extent > 0, extent, 1.0))


def _bottom_difference(a: Floats, b: Floats) -> Floats:
    """Distance ``(N, M)`` of the bottom edges in halves of the smaller height, at most 1."""
    height = np.minimum((a[:, 3] - a[:, 1])[:, None], (b[:, 3] - b[:, 1])[None, :])
    difference = np.abs(a[:, None, 3] - b[None, :, 3])
    return np.minimum(2 * difference / np.maximum(height, 1e-6), 1.0)
