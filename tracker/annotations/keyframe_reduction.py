"""Keyframe reduction: few keyframes with boxes of their own, which need not be boxes of the track.

Detected boxes jitter, so a line through two of them soon misses the others, while a fitted line does not. At first each
box is a keyframe. Then three neighbouring keyframes are replaced by two, at the same rows or shifted a little, wherever
the boxes around keep the overlap that is asked for. This is done in many neighbourhoods at once, far enough apart to be
independent, until nothing changes. The result is a local optimum: a smaller set may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.annotations.keyframe_fit import KeyframeNeighbourhoods, fit_keyframes, rounded

# How far the two neighbours move when the keyframe between them is removed: shares of the way to it, at least a row.
FAR = 0.25
SHIFTS = ((0, 0), (FAR, 0), (0, -FAR), (FAR, -FAR), (-FAR, 0), (0, FAR), (-FAR, -FAR), (FAR, FAR))
APART = 3  # keyframes between two changes, so that they are independent
BLOCK = 4_000  # boxes at a time, which fit the processor's memory
NEAR = 0.9  # share of the asked overlap that must be reached without shifts before shifts are tried
MARGIN = 1e-9  # above the asked overlap, so that another order of the same sums does not miss it


def reduce_keyframes(
    boxes: Floats, stretches: Sequence[slice], iou: float, on_progress: Callable[[int], None] = lambda done: None
) -> tuple[Bools, Floats]:
    """Which boxes ``(N,)`` are keyframes, and the boxes ``(N, 4)`` that those have; the other rows mean nothing.

    boxes: ``(N, 4)`` xyxy pixels. stretches: runs of rows of consecutive frames, that together are all rows. iou: that
    each box keeps with the line between keyframes. on_progress: is called with the number of boxes that are done.
    """
    kept, values = np.zeros(len(boxes), dtype=bool), np.zeros_like(boxes)
    for rows, pieces in _blocks(stretches):
        block = _Reduction(boxes[rows].T, pieces, iou + MARGIN)
        block.run()
        kept[rows.start + block.rows] = True
        values[rows.start + block.rows] = block.values.T
        on_progress(rows.stop)
    return kept, values


def _blocks(stretches: Sequence[slice]) -> Iterator[tuple[slice, Ints]]:
    """Rows of whole stretches, and in each the number of the stretch of every row; those too long are cut."""
    pieces = [
        slice(start, min(start + BLOCK, each.stop))
        for each in stretches
        for start in range(each.start, each.stop, BLOCK)
    ]
    together = list[slice]()
    for piece in pieces:
        if together and piece.stop - together[0].start > BLOCK:
            yield _joined(together)
            together = []
        together.append(piece)
    if together:
        yield _joined(together)


def _joined(pieces: Sequence[slice]) -> tuple[slice, Ints]:
    numbers = np.repeat(np.arange(len(pieces)), [piece.stop - piece.start for piece in pieces])
    return slice(pieces[0].start, pieces[-1].stop), numbers


class _Reduction:
    """The keyframes of one block: rows ``(M,)``, values ``(4, M)``, and what has been tried for each."""

    def __init__(self, boxes: Floats, pieces: Ints, iou: float) -> None:
        self.boxes, self.iou = np.ascontiguousarray(boxes), iou
        size = np.minimum(boxes[2] - boxes[0], boxes[3] - boxes[1])
        self.fine = size * (1 - iou) < 0.08  # two decimals would take a quarter of what may be lost
        self.rows = np.arange(len(pieces))
        self.values = rounded(self.boxes, self.fine)
        self.pieces = pieces
        self.next = np.zeros(len(pieces), dtype=np.int64)  # place in SHIFTS of what is to be tried
        self.reached = np.ones(len(pieces))  # the lowest overlap without shifts

    def run(self) -> None:
        """Remove keyframes until nothing more can be removed."""
        while self._round():
            pass

    def _round(self) -> bool:
        inner = np.zeros(len(self.rows), dtype=bool)
        inner[1:-1] = (self.pieces[:-2] == self.pieces[1:-1]) & (self.pieces[2:] == self.pieces[1:-1])
        middle = np.flatnonzero(inner & (self.next < len(SHIFTS)) & (self.reached >= NEAR * self.iou))
        if not len(middle):
            return False
        turn = int(self.next[middle].min())
        middle = middle[self.next[middle] == turn]
        middle = middle[_apart(middle)]
        self.next[middle] += 1
        neighbourhoods, possible = self._neighbourhoods(middle, *SHIFTS[turn])
        middle, neighbourhoods = middle[possible], neighbourhoods[possible]
        if len(middle):
            first, second, lowest = fit_keyframes(neighbourhoods, self.boxes, self.fine, self.iou)
            if turn == 0:
                self.reached[middle] = lowest
            fits = lowest >= self.iou
            self._replace(middle[fits], neighbourhoods[fits], first[:, fits], second[:, fits])
        return True

    def _neighbourhoods(self, middle: Ints, left: float, right: float) -> tuple[KeyframeNeighbourhoods, Bools]:
        """Around each keyframe in the middle, with its neighbours moved; and whether they can be."""
        last = len(self.rows) - 1
        before, after = np.maximum(middle - 2, 0), np.minimum(middle + 2, last)
        starts = (middle < 2) | (self.pieces[before] != self.pieces[middle])
        ends = (middle + 2 > last) | (self.pieces[after] != self.pieces[middle])
        first, second = self.rows[middle - 1], self.rows[middle + 1]
        first = first + _shift(left, self.rows[middle] - first)
        second = second + _shift(right, second - self.rows[middle])
        outer_left, outer_right = np.where(starts, first, self.rows[before]), np.where(ends, second, self.rows[after])
        possible = first < second
        possible &= np.where(starts, left == 0, first > outer_left)
        possible &= np.where(ends, right == 0, second < outer_right)
        return KeyframeNeighbourhoods(
            outer_left, first, second, outer_right, self.values[:, before], self.values[:, after]
        ), possible

    def _replace(self, gone: Ints, neighbourhoods: KeyframeNeighbourhoods, first: Floats, second: Floats) -> None:
        """Remove these keyframes and move their neighbours."""
        self.rows[gone - 1], self.rows[gone + 1] = neighbourhoods.first, neighbourhoods.second
        self.values[:, gone - 1], self.values[:, gone + 1] = first, second
        around = (gone[:, None] + np.arange(-APART, APART + 1)).ravel()
        around = around[(around >= 0) & (around < len(self.rows))]
        self.next[around], self.reached[around] = 0, 1.0
        kept = np.ones(len(self.rows), dtype=bool)
        kept[gone] = False
        self.rows, self.values, self.pieces = self.rows[kept], self.values[:, kept], self.pieces[kept]
        self.next, self.reached = self.next[kept], self.reached[kept]


def _shift(share: float, gaps: Ints) -> Ints:
    """Rows ``(W,)`` to move by: a share of each gap, and at least one unless the share is 0."""
    return np.asarray(np.sign(share) * np.maximum(np.round(abs(share) * gaps), float(share != 0)), dtype=np.int64)


def _apart(middle: Ints) -> Bools:
    """Some of these ascending numbers that are more than APART from each other: those of one remainder."""
    remainders = middle % (APART + 1)
    return np.asarray(remainders == np.bincount(remainders).argmax())
