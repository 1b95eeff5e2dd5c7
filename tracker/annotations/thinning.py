"""Few keyframes whose boxes are free: they need not be boxes of the track, as long as the lines between them fit.

Detected boxes jitter, so that a line through two of them soon misses the others, while one through their midst does
not. At first each box is a keyframe. Then, again and again, three neighbouring ones become two, at the same rows or
some way beside them, wherever the boxes around keep their overlap; in many places at once, as far apart as they must
be. What is left is a local optimum: the steps that are tried find nothing more, but there may be fewer altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.annotations.keyframe_fit import Places, fit, rounded

# How far the two neighbours move when the one between them goes, in shares of the way to it, but at least a row.
FAR = 0.25
SHIFTS = ((0, 0), (FAR, 0), (0, -FAR), (FAR, -FAR), (-FAR, 0), (0, FAR), (-FAR, -FAR), (FAR, FAR))
APART = 3  # keyframes between which two changes do not meet
BLOCK = 4_000  # boxes at a time, which fit the processor's memory
NEAR = 0.9  # share of the asked overlap that must be reached without shifts for these to be tried
MARGIN = 1e-9  # above the asked overlap, so that another order of the same sums does not miss it


def thin(
    boxes: Floats, stretches: Sequence[slice], iou: float, tell: Callable[[int], None] = lambda done: None
) -> tuple[Bools, Floats]:
    """Which boxes ``(N,)`` are keyframes, and the boxes ``(N, 4)`` that those have; the other rows mean nothing.

    boxes: ``(N, 4)`` xyxy pixels. stretches: runs of rows of consecutive frames, that together are all rows. iou: that
    each box keeps with the line between keyframes. tell: is called with the number of boxes that are through.
    """
    kept, values = np.zeros(len(boxes), dtype=bool), np.zeros_like(boxes)
    for rows, pieces in _blocks(stretches):
        block = _Thinning(boxes[rows].T, pieces, iou + MARGIN)
        block.run()
        kept[rows.start + block.rows] = True
        values[rows.start + block.rows] = block.values.T
        tell(rows.stop)
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


class _Thinning:
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
        """Until nothing more can go."""
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
        places, possible = self._places(middle, *SHIFTS[turn])
        middle, places = middle[possible], places[possible]
        if len(middle):
            first, second, lowest = fit(places, self.boxes, self.fine, self.iou)
            if turn == 0:
                self.reached[middle] = lowest
            fits = lowest >= self.iou
            self._replace(middle[fits], places[fits], first[:, fits], second[:, fits])
        return True

    def _places(self, middle: Ints, left: float, right: float) -> tuple[Places, Bools]:
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
        return Places(outer_left, first, second, outer_right, self.values[:, before], self.values[:, after]), possible

    def _replace(self, gone: Ints, places: Places, first: Floats, second: Floats) -> None:
        """Take these keyframes out and move their neighbours."""
        self.rows[gone - 1], self.rows[gone + 1] = places.first, places.second
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
