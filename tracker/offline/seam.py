"""Where two pieces of a video overlap: whose track in the one is whose in the other, and where to change over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from detectors.base import Bools, Floats, Ints
from detectors.boxes import iou_matrix
from tracker.offline.first_pass import FirstPass
from tracker.offline.trajectory import Trajectory

ALIKE = 0.5  # IoU from which two boxes are of one object
NEAR = 0.25  # seconds from the change-over at which an agreement counts for 1 / e
AROUND = 0.5  # the same of a doubt, where the change-over is looked for
LATE = 1.0  # doubts that it is worth to change over at the end of the overlap rather than at its beginning
LEEWAY = 0.25  # share of the overlap by which the change-over may lie before or after where it is planned


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

    Without common frames the later piece takes over where the earlier one ends, and nobody is known to be the same.
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
    at = _change_over(overlaps, times, usable, begin)
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


def _change_over(overlaps: Sequence[Floats], times: Floats, usable: Bools, begin: float) -> int:
    """The frame around which both see the same, rather late than early.

    The earlier piece knows all that came before; the later one has the longer been under way, the later it takes over.
    """
    doubts = np.array([_doubts(overlap) for overlap in overlaps], dtype=np.float64)
    span = max(float(times[-1] - times[0]), 1e-9)
    near = usable & (np.abs(times - begin) <= LEEWAY * span)
    candidates = np.flatnonzero(near if near.any() else usable)
    weights = np.exp(-np.abs(times[candidates, None] - times[None, :]) / AROUND)
    cost = weights @ doubts / weights.sum(axis=1) + LATE * (times[-1] - times[candidates]) / span
    return int(candidates[np.argmin(cost.round(9))])


def _doubts(overlap: Floats) -> int:
    """How many boxes of a frame only one of the two pieces has."""
    alike = overlap >= ALIKE
    both = int(alike.sum())
    if (alike.sum(axis=0) > 1).any() or (alike.sum(axis=1) > 1).any():  # of two that cover each other, one may be gone
        both = int(alike[linear_sum_assignment(-overlap * alike)].sum())
    return sum(overlap.shape) - 2 * both


def _same(overlaps: Sequence[Floats], mine: _Boxes, theirs: _Boxes, weights: Floats, counts: tuple[int, int]) -> Ints:
    """Tracks ``(P, 2)`` that are the same: the pairs, each track in one, that agree in most of the frames.

    A pair must lie on each other for at least half of the time for which both are there, frames close to the
    change-over counting more: what one piece takes for one object, the other may take for two.
    """
    first, first_at = np.unique(mine.rows, return_inverse=True)
    second, second_at = np.unique(theirs.rows, return_inverse=True)
    agreed, met = np.zeros((len(first), len(second))), np.zeros((len(first), len(second)))
    for frame, (overlap, weight) in enumerate(zip(overlaps, weights, strict=True)):
        here = np.ix_(
            first_at[mine.bounds[frame] : mine.bounds[frame + 1]],
            second_at[theirs.bounds[frame] : theirs.bounds[frame + 1]],
        )
        agreed[here] += weight * np.where(overlap >= ALIKE, overlap, 0.0)
        met[here] += weight
    possible = np.where(agreed >= ALIKE * met, agreed, 0.0)
    rows, columns = linear_sum_assignment(-possible)
    kept = possible[rows, columns] > 0
    return np.stack([first[rows[kept]], second[columns[kept]]], axis=1)
