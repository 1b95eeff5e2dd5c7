"""The similarity of tracks and detections: overlap, and weaker cues that decide between rivals.

Cues and their sources: overlap of heights (Yang et al., "Hybrid-SORT: Weak cues matter for online multi-object
tracking", 2024, equation 4); expanded boxes (Yang et al., "Hard to track objects with irregular motions and similar
appearances? Make it easier by buffering the matching space", 2023); change of the score (Hybrid-SORT, section 3.2); a
penalty for low-score detections in one common association (Shim et al., "Focusing on tracks for online multi-object
tracking", 2025). Occlusion, the position of the bottom edge and the usual height are our own cues, and so is to expand
boxes by how uncertain the prediction is: where objects move by their own width from frame to frame, overlap says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.boxes import areas, areas_within, edges, overlapping_edges, overlaps_among
from tracker.association.matching import Pairs
from tracker.association.running_means import log_heights

MAX_MISSED = 5  # updates; a longer absence adds nothing
STEADY = 0.03  # standard deviation of the logarithm of a height from which it counts half
MAX_HEIGHT_CHANGE = 0.5  # of the logarithm; a larger one adds nothing
MAX_EXPANSION = 0.2  # beyond it neighbours are no longer told apart
MAX_REACH = 3.0  # sides of a box; no prediction is worth more than a search that far


@dataclass(frozen=True)
class Cues:
    """Weights of the cues, in units of overlap; 0 leaves one out.

    height_overlap: multiply the IoU by the IoU of the vertical extents. expansion: share of its side by which each
    box is expanded on each of its four sides. expansion_rate: the same for each second since the last frame; the larger
    of the two counts, up to `MAX_EXPANSION`. The others are penalties, but for the last. score_change: for each
    difference in score, as a share of the typical score. height_change: for a height that is not the usual one by a
    factor of e, where that has been steady. bottom_edge: for bottom edges half a height apart. low_score: for a
    detection below the high threshold. missed: for a track missed `MAX_MISSED` times. occlusion: for a track and a
    detection of which one is fully occluded and the other not at all. class_change: for another class. appearance:
    added for an appearance similarity of 1 (`AppearanceCalibration`), where embeddings are known.
    min_similarity: pairs below it never match. greedy: match the best pairs first (`assign_greedily`) instead of those
    with the largest total (`assign`).
    """

    height_overlap: bool = True
    expansion: float = 0.05
    expansion_rate: float = 0.5
    reach: float = 2.0
    score_change: float = 0.13
    height_change: float = 1.5
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

    boxes: ``(N, 4)`` predicted, xyxy. scores: ``(N,)`` to expect. log_heights, height_variances: ``(N,)``, what is
    usual for them (`RunningMeans`). missed: ``(N,)`` updates since then.
    class_ids: ``(N,)``. confirmed: ``(N,)``, which are not tentative. occluded: ``(N,)``, share of each box that is
    occluded (`occluded_share`). deviations: ``(N, 2)`` pixels, standard deviations of their predicted centres.
    """

    boxes: Floats
    scores: Floats
    log_heights: Floats
    height_variances: Floats
    missed: Ints
    class_ids: Ints
    confirmed: Bools
    occluded: Floats
    deviations: Floats

    def __getitem__(self, rows: Ints) -> TrackCues:
        """Some of the tracks."""
        return TrackCues(*(column[rows] for column in vars(self).values()))

    def moved_to(self, boxes: Floats) -> TrackCues:
        """The same tracks at other boxes ``(N, 4)``."""
        return TrackCues(**{**vars(self), "boxes": boxes})


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
        return DetectionCues(*(column[rows] for column in vars(self).values()))


def similarity(cues: Cues, tracks: TrackCues, detections: DetectionCues, typical: float, elapsed: float) -> Pairs:
    """The pairs of N tracks and M detections that may match, and how similar they are, at most 1.

    Low-score detections match confirmed tracks only. typical: score of a typical object. elapsed: seconds since the
    last frame; the boxes are expanded the more, the longer it is.
    """
    expansion = max(cues.expansion, min(cues.expansion_rate * elapsed, MAX_EXPANSION))
    a, b = edges(tracks.boxes), edges(detections.boxes)
    wide_a, wide_b = _grown(a, expansion * (a[2:] - a[:2])), _grown(b, expansion * (b[2:] - b[:2]))
    i, j, shared = overlapping_edges(wide_a, wide_b)
    possible = (tracks.confirmed[i] | detections.high_score[j]).nonzero()[0]
    i, j, shared = i[possible], j[possible], shared[possible]
    value = _overlap(wide_a.take(i, axis=1), wide_b.take(j, axis=1), shared, cues.height_overlap)
    bottom = _bottom_difference(a.take(i, axis=1), b.take(j, axis=1))
    value -= _penalties(cues, tracks, detections, (i, j), bottom, typical)
    value -= cues.low_score * ~detections.high_score[j]
    return Pairs(i, j, value, (len(tracks.boxes), len(detections.boxes)))


def distant_similarity(cues: Cues, tracks: TrackCues, detections: DetectionCues, typical: float) -> Pairs:
    """As `similarity`, of boxes expanded by what the prediction of each track leaves open; scores have no threshold.

    Both boxes are expanded alike, in shares of their size, so that those of one size still overlap the most.
    """
    a, b = edges(tracks.boxes), edges(detections.boxes)
    sizes, found_sizes = a[2:] - a[:2], b[2:] - b[:2]
    shares = cues.reach * tracks.deviations.T / np.maximum(sizes, 1e-3)
    shares = np.minimum(np.maximum(shares, cues.expansion), MAX_REACH)
    # The margin below is at most half of the track's, and half of the same share of the detection's size.
    within = shares.max(axis=1, keepdims=True, initial=0.0) / 2
    i, j, _ = overlapping_edges(_grown(a, 1.5 * shares * sizes), _grown(b, within * found_sizes))
    possible = (tracks.confirmed[i] | detections.high_score[j]).nonzero()[0]
    i, j = i[possible], j[possible]
    if not i.size:  # mostly
        return Pairs(i, j, np.empty(0), (len(tracks.boxes), len(detections.boxes)))
    a, shares, sizes = (columns.take(i, axis=1) for columns in (a, shares, sizes))
    b, found_sizes = b.take(j, axis=1), found_sizes.take(j, axis=1)
    bottoms = np.abs(a[3] - b[3])
    a, b = _grown(a, shares * sizes), _grown(b, shares * np.sqrt(sizes * found_sizes))
    width, height = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0)
    value = _overlap(a, b, width * height, cues.height_overlap)
    heights = np.minimum(a[3] - a[1], b[3] - b[1])
    bottom = np.minimum(2 * bottoms / np.maximum(heights, 1e-6), 1.0)
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
    if cues.height_change:
        steadiness = STEADY**2 / (STEADY**2 + tracks.height_variances)
        change = np.abs(tracks.log_heights[i] - log_heights(detections.boxes)[j])
        penalty += cues.height_change * steadiness[i] * np.minimum(change, MAX_HEIGHT_CHANGE)
    if cues.occlusion:
        penalty += cues.occlusion * np.abs(tracks.occluded[i] - detections.occluded[j])
    penalty += (cues.missed * np.minimum(tracks.missed, MAX_MISSED) / MAX_MISSED)[i]
    penalty += cues.class_change * (tracks.class_ids[i] != detections.class_ids[j])
    return np.asarray(penalty)


def _grown(a: Floats, margins: Floats) -> Floats:
    """Edges ``(4, K)`` of boxes, moved outwards on each side by `margins` ``(2, K)`` pixels."""
    return np.concatenate([a[:2] - margins, a[2:] + margins])


Overlaps = tuple[Ints, Ints, Floats]
"""What `overlaps_among` returns."""


def occluded_share(boxes: Floats, occluders: Bools, overlaps: Overlaps | None = None) -> Floats:
    """The largest share ``(N,)`` of each xyxy box that a single one of the `occluders` ``(N,)`` in front of it covers.

    In front is what stands lower in the picture: nearer to a camera that looks along the ground. overlaps: of the
    boxes, if already computed.
    """
    rows, columns, shared = overlaps_among(boxes) if overlaps is None else overlaps
    share = np.zeros(len(boxes))
    if not rows.size:
        return share
    bottoms = boxes[:, 3]
    behind = (occluders[columns] & (bottoms[rows] < bottoms[columns])).nonzero()[0]
    np.maximum.at(share, rows[behind], shared[behind])
    return np.asarray(share / np.maximum(areas(boxes), 1e-6))


def _overlap(a: Floats, b: Floats, shared: Floats, of_heights: bool) -> Floats:
    """IoU ``(K,)`` of pairs of boxes with edges ``(4, K)`` that share an area ``(K,)``.

    of_heights: multiplied by the IoU of the vertical extents.
    """
    iou = shared / (areas_within(a) + areas_within(b) - shared)
    if of_heights:
        iou *= np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
        iou /= np.maximum(a[3], b[3]) - np.minimum(a[1], b[1])
    return np.asarray(iou)


def _bottom_difference(a: Floats, b: Floats) -> Floats:
    """Distance ``(K,)`` of the bottom edges of pairs of boxes in halves of the smaller height, at most 1.

    a, b: their edges ``(4, K)``.
    """
    heights = np.maximum(np.minimum(a[3] - a[1], b[3] - b[1]), 1e-6)
    return np.asarray(np.minimum(2 * np.abs(a[3] - b[3]) / heights, 1.0))
