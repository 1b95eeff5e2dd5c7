"""The similarity of tracks and detections: overlap, and weaker cues that decide between rivals.

Cues and their sources: overlap of heights (Yang et al., "Hybrid-SORT: Weak cues matter for online multi-object
tracking", 2024, equation 4); expanded boxes (Yang et al., "Hard to track objects with irregular motions and similar
appearances? Make it easier by buffering the matching space", 2023); change of the score (Hybrid-SORT, section 3.2); a
penalty for low-score detections in one common association (Shim et al., "Focusing on tracks for online multi-object
tracking", 2025). Occlusion and the position of the bottom edge are our own cues, and so is to expand boxes by how
uncertain the prediction is: where objects move by their own width from frame to frame, overlap says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.boxes import areas, expand, overlapping_pairs
from tracker.association.matching import Pairs

MAX_MISSED = 5  # updates; a longer absence adds nothing
MAX_EXPANSION = 0.2  # beyond it neighbours are no longer told apart
MAX_REACH = 3.0  # sides of a box; no prediction is worth more than a search that far


@dataclass(frozen=True)
class Cues:
    """Weights of the cues, in units of overlap; 0 leaves one out.

    height_overlap: multiply the IoU by the IoU of the vertical extents. expansion: share of its side by which each
    box is expanded on each of its four sides. expansion_rate: the same for each second since the last frame; the larger
    of the two counts, up to `MAX_EXPANSION`. The others are penalties, but for the last. score_change: for each
    difference in score, as a share of the typical score. bottom_edge: for bottom edges half a height apart. low_score:
    for a detection below the high threshold. missed: for a track missed `MAX_MISSED` times. occlusion: for a track and
    a detection of which one is fully occluded and the other not at all. class_change: for another class. appearance:
    added for an appearance similarity of 1 (`AppearanceCalibration`), where embeddings are known.
    min_similarity: pairs below it never match. greedy: match the best pairs first (`assign_greedily`) instead of those
    with the largest total (`assign`).
    """

    height_overlap: bool = True
    expansion: float = 0.05
    expansion_rate: float = 0.5
    reach: float = 2.0
    score_change: float = 0.13
    bottom_edge: float = 0.2
    low_score: float = 0.4
    missed: float = 0.05
    occlusion: float = 0.2
    class_change: float = 0.3
    appearance: float = 0.6
    min_similarity: float = 0.15
    greedy: bool = True


@dataclass(frozen=True, eq=False)
class TrackCues:
    """What the N tracks predict.

    boxes: ``(N, 4)`` predicted, xyxy. scores: ``(N,)`` of their last detections. missed: ``(N,)`` updates since then.
    class_ids: ``(N,)``. confirmed: ``(N,)``, which are not tentative. occluded: ``(N,)``, share of each box that is
    occluded (`occluded_share`). deviations: ``(N, 2)`` pixels, standard deviations of their predicted centres.
    """

    boxes: Floats
    scores: Floats
    missed: Ints
    class_ids: Ints
    confirmed: Bools
    occluded: Floats
    deviations: Floats

    def __getitem__(self, rows: Ints) -> TrackCues:
        """Some of the tracks."""
        return TrackCues(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True, eq=False)
class DetectionCues:
    """What M detections show.

    boxes: ``(M, 4)`` xyxy. scores, class_ids: ``(M,)``. high_score: ``(M,)``, which reach the high threshold. occluded:
    ``(M,)``, share of each box that is occluded (`occluded_share`).
    """

    boxes: Floats
    scores: Floats
    class_ids: Ints
    high_score: Bools
    occluded: Floats

    def __getitem__(self, rows: Ints) -> DetectionCues:
        """Some of the detections."""
        return DetectionCues(*(getattr(self, column.name)[rows] for column in fields(self)))


def similarity(cues: Cues, tracks: TrackCues, detections: DetectionCues, typical: float, elapsed: float) -> Pairs:
    """The pairs of N tracks and M detections that may match, and how similar they are, at most 1.

    Low-score detections match confirmed tracks only. typical: score of a typical object. elapsed: seconds since the
    last frame; the boxes are expanded the more, the longer it is.
    """
    expansion = max(cues.expansion, min(cues.expansion_rate * elapsed, MAX_EXPANSION))
    track_boxes, boxes = expand(tracks.boxes, expansion), expand(detections.boxes, expansion)
    i, j, shared = overlapping_pairs(track_boxes, boxes)
    possible = tracks.confirmed[i] | detections.high_score[j]
    i, j, shared = i[possible], j[possible], shared[possible]
    value = _overlap(track_boxes[i], boxes[j], shared, cues.height_overlap)
    bottom = _bottom_difference(tracks.boxes[i], detections.boxes[j])
    value -= _penalties(cues, tracks, detections, (i, j), bottom, typical)
    value -= cues.low_score * ~detections.high_score[j]
    return Pairs(i, j, value, (len(tracks.boxes), len(detections.boxes)))


def distant_similarity(cues: Cues, tracks: TrackCues, detections: DetectionCues, typical: float) -> Pairs:
    """As `similarity`, of boxes expanded by what the prediction of each track leaves open; scores have no threshold.

    Both boxes are expanded alike, in shares of their size, so that those of one size still overlap the most.
    """
    sizes, found_sizes = (boxes[:, 2:] - boxes[:, :2] for boxes in (tracks.boxes, detections.boxes))
    shares = np.clip(cues.reach * tracks.deviations / np.maximum(sizes, 1e-3), cues.expansion, MAX_REACH)
    # The margin below is at most half of the track's, and half of the same share of the detection's size.
    within = shares.max(axis=0, initial=0.0) / 2
    i, j, _ = overlapping_pairs(
        _grown(tracks.boxes, 1.5 * shares * sizes), _grown(detections.boxes, within * found_sizes)
    )
    possible = tracks.confirmed[i] | detections.high_score[j]
    i, j = i[possible], j[possible]
    a = _grown(tracks.boxes[i], shares[i] * sizes[i])
    b = _grown(detections.boxes[j], shares[i] * np.sqrt(sizes[i] * found_sizes[j]))
    shared = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0.0)
    value = _overlap(a, b, shared[:, 0] * shared[:, 1], cues.height_overlap)
    height = np.minimum(a[:, 3] - a[:, 1], b[:, 3] - b[:, 1])
    bottom = np.minimum(2 * np.abs(tracks.boxes[i, 3] - detections.boxes[j, 3]) / np.maximum(height, 1e-6), 1.0)
    value -= _penalties(cues, tracks, detections, (i, j), bottom, typical)
    return Pairs(i, j, value, (len(tracks.boxes), len(detections.boxes)))


def _penalties(
    cues: Cues,
    tracks: TrackCues,
    detections: DetectionCues,
    pairs: tuple[Ints, Ints],
    bottom: Floats,
    typical: float,
) -> Floats:
    """What the weak cues take off the overlap ``(K,)`` of the pairs. bottom: ``(K,)``, see `_bottom_difference`."""
    i, j = pairs
    penalty = cues.bottom_edge * bottom
    if cues.score_change:
        penalty += cues.score_change / typical * np.abs(tracks.scores[i] - detections.scores[j])
    if cues.occlusion:
        penalty += cues.occlusion * np.abs(tracks.occluded[i] - detections.occluded[j])
    penalty += (cues.missed * np.minimum(tracks.missed, MAX_MISSED) / MAX_MISSED)[i]
    penalty += cues.class_change * (tracks.class_ids[i] != detections.class_ids[j])
    return np.asarray(penalty)


def _grown(boxes: Floats, margins: Floats) -> Floats:
    """xyxy boxes ``(K, 4)``, moved outwards on each side by `margins` ``(K, 2)`` pixels."""
    return np.concatenate([boxes[:, :2] - margins, boxes[:, 2:] + margins], axis=1)


Overlaps = tuple[Ints, Ints, Floats]
"""What `overlapping_pairs` returns for boxes and themselves."""


def occluded_share(boxes: Floats, occluders: Bools, overlaps: Overlaps | None = None) -> Floats:
    """The largest share ``(N,)`` of each xyxy box that a single one of the `occluders` ``(N,)`` in front of it covers.

    In front is what stands lower in the picture: nearer to a camera that looks along the ground. overlaps: of the
    boxes, if already computed.
    """
    rows, columns, shared = overlapping_pairs(boxes, boxes) if overlaps is None else overlaps
    share = np.zeros(len(boxes))
    if (rows == columns).all():  # each overlaps itself alone
        return share
    behind = occluders[columns] & (boxes[rows, 3] < boxes[columns, 3])
    np.maximum.at(share, rows[behind], shared[behind])
    return np.asarray(share / np.maximum(areas(boxes), 1e-6))


def _overlap(a: Floats, b: Floats, shared: Floats, of_heights: bool) -> Floats:
    """IoU ``(K,)`` of pairs of boxes ``(K, 4)`` that share an area ``(K,)``.

    of_heights: multiplied by the IoU of the vertical extents.
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
