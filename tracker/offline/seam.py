"""The seam between two pieces of a video that overlap: the frame where one takes over, and which tracks are the same.

OpenCV's image stitching uses the word for the line where one picture takes over from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from detectors.base import Bools, Floats, Ints
from detectors.boxes import iou_matrix
from tracker.offline.first_pass import FirstPass
from tracker.offline.trajectory import Trajectory

SAME = 0.5  # IoU from which two boxes are of one object
NEAR = 0.25  # seconds from the seam at which an agreement counts for 1 / e
AROUND = 0.5  # seconds from a candidate at which a disagreement counts for 1 / e
LATE = 1.0  # disagreements that a seam at the end of the overlap may cost more than one at its beginning
LEEWAY = 0.25  # share of the overlap by which the seam may lie before or after where it is planned


@dataclass(frozen=True, eq=False)
class Seam:
    """index: the number in the source of the first frame that is taken from the later piece. pairs: ``(P, 2)`` rows of
    tracks in both that are the same.
    """

    index: int
    pairs: Ints


@dataclass(frozen=True, eq=False)
class _Boxes:
    """The boxes of one piece in C common frames. rows: ``(N,)``, which track each is of. bounds: ``(C + 1,)``; frame c
    has those from ``bounds[c]`` up to ``bounds[c + 1]``. boxes: ``(N, 4)``.
    """

    rows: Ints
    boxes: Floats
    bounds: Ints

    def at(self, frame: int) -> tuple[Ints, Floats]:
        """Rows and boxes in one frame."""
        here = slice(*self.bounds[frame : frame + 2])
        return self.rows[here], self.boxes[here]


def find_seam(before: FirstPass, after: FirstPass, begin: float, not_before: int) -> Seam:
    """The seam of two neighbours. begin: seconds where it is planned. not_before: number of a frame that it follows.

    Without common frames the later piece takes over where the earlier one ends, and no tracks are known to be the same.
    """
    common, rows, others = np.intersect1d(before.indices, after.indices, assume_unique=True, return_indices=True)
    usable = (common > not_before) & (others > 0)  # of a piece's first frame, the camera's motion is not known
    if not usable.any():
        index = max(int(before.indices[-1]), not_before) + 1
        return Seam(index, np.empty((0, 2), dtype=np.int64))
    times = before.history.times[rows]
    mine = _boxes_at(before.history.trajectories, rows)
    theirs = _boxes_at(after.history.trajectories, others)
    overlaps = [iou_matrix(mine.at(frame)[1], theirs.at(frame)[1]) for frame in range(len(common))]
    at = _choose_frame(overlaps, times, usable, begin)
    counts = len(before.history.trajectories), len(after.history.trajectories)
    weights = np.exp(-np.abs(times - times[at]) / NEAR)
    return Seam(int(common[at]), _same(overlaps, mine, theirs, weights, counts))


def _boxes_at(tracks: Sequence[Trajectory], frames: Ints) -> _Boxes:
    """The boxes in the given frames, rows of the recording, in ascending order."""
    rows, boxes, places = [np.empty(0, np.int64)], [np.empty((0, 4))], [np.empty(0, np.int64)]
    for row, track in enumerate(tracks):
        first, last = np.searchsorted(track.frames, [frames[0], frames[-1] + 1])
        if first == last:
            continue
        place = np.searchsorted(frames, track.frames[first:last])
        there = frames[place] == track.frames[first:last]
        places.append(place[there])
        boxes.append(track.boxes[first:last][there])
        rows.append(np.full(int(there.sum()), row))
    order = np.argsort(np.concatenate(places), kind="stable")
    bounds = np.searchsorted(np.concatenate(places)[order], np.arange(len(frames) + 1))
    return _Boxes(np.concatenate(rows)[order], np.concatenate(boxes)[order], bounds)


def _choose_frame(overlaps: Sequence[Floats], times: Floats, usable: Bools, begin: float) -> int:
    """The frame around which both pieces agree best; later frames are preferred.

    The earlier piece knows all that came before, and the later one has had more frames to start up.
    """
    disagreements = np.array([_disagreements(overlap) for overlap in overlaps], dtype=np.float64)
    span = max(float(times[-1] - times[0]), 1e-9)
    near = usable & (np.abs(times - begin) <= LEEWAY * span)
    candidates = np.flatnonzero(near if near.any() else usable)
    weights = np.exp(-np.abs(times[candidates, None] - times[None, :]) / AROUND)
    cost = weights @ disagreements / weights.sum(axis=1) + LATE * (times[-1] - times[candidates]) / span
    return int(candidates[np.argmin(cost.round(9))])


def _disagreements(overlap: Floats) -> int:
    """How many boxes of a frame only one of the two pieces has. overlap: IoU ``(N, M)``."""
    alike = overlap >= SAME
    both = int(alike.sum())
    if (alike.sum(axis=0) > 1).any() or (alike.sum(axis=1) > 1).any():  # ambiguous: count one-to-one pairs
        both = int(alike[linear_sum_assignment(-overlap * alike)].sum())
    return sum(overlap.shape) - 2 * both


def _same(overlaps: Sequence[Floats], mine: _Boxes, theirs: _Boxes, weights: Floats, counts: tuple[int, int]) -> Ints:
    """Pairs of tracks ``(P, 2)`` that are the same, by the assignment with the largest agreement.

    The two must overlap for at least half of the time for which both are there, since what one piece takes for one
    object, the other may take for two. weights: of the frames; those close to the seam count more.
    """
    first, first_at = np.unique(mine.rows, return_inverse=True)
    second, second_at = np.unique(theirs.rows, return_inverse=True)
    agreed, met = np.zeros((len(first), len(second))), np.zeros((len(first), len(second)))
    for frame, (overlap, weight) in enumerate(zip(overlaps, weights, strict=True)):
        here = np.ix_(
            first_at[mine.bounds[frame] : mine.bounds[frame + 1]],
            second_at[theirs.bounds[frame] : theirs.bounds[frame + 1]],
        )
        agreed[here] += weight * np.where(overlap >= SAME, overlap, 0.0)
        met[here] += weight
    possible = np.where(agreed >= SAME * met, agreed, 0.0)
    rows, columns = linear_sum_assignment(-possible)
    kept = possible[rows, columns] > 0
    return np.stack([first[rows[kept]], second[columns[kept]]], axis=1)
