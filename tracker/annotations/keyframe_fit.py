"""Fits the boxes of two neighbouring keyframes while the keyframes around them stay; many such pairs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.annotations.interpolation import paired_iou

STEPS = 9  # of the search for the best boxes
DAMPING = 0.6  # share of the way to the new solution that each step goes: with 1, it oscillates
POWER = 3.0  # of the deviations, as weights: the higher, the more the worst box counts
GIVE_UP = (0.5, 0.8, 0.9, 0.95)  # share of the asked overlap: below it after 1, 2, ... steps, a pair is given up


@dataclass(frozen=True, eq=False)
class KeyframeNeighbourhoods:
    """W groups of four neighbouring keyframes in a sequence of N boxes; the two in the middle are to be fitted.

    first, second: ``(W,)`` rows of those two. before, after: ``(W,)`` rows of the outer keyframes; equal to first or
    second where there is none, at an end. fixed_before, fixed_after: ``(4, W)`` their boxes.
    """

    before: Ints
    first: Ints
    second: Ints
    after: Ints
    fixed_before: Floats
    fixed_after: Floats

    def __getitem__(self, rows: Bools) -> KeyframeNeighbourhoods:
        before, first, second, after = (each[rows] for each in (self.before, self.first, self.second, self.after))
        return KeyframeNeighbourhoods(
            before, first, second, after, self.fixed_before[:, rows], self.fixed_after[:, rows]
        )


class _Equations:
    """Each box between the outer keyframes as ``a * first + b * second + rest``.

    starts: ``(W,)`` of each place's rows in the flat columns. owner: ``(R,)``, the place of each row. target:
    ``(4, R)``, the boxes to overlap.
    """

    def __init__(self, around: KeyframeNeighbourhoods, boxes: Floats) -> None:
        low = np.where(around.before < around.first, around.before + 1, around.first)
        high = np.where(around.after > around.second, around.after, around.second + 1)
        counts = high - low
        self.starts = np.cumsum(counts) - counts
        self.owner = np.repeat(np.arange(len(counts)), counts)
        rows = np.arange(len(self.owner)) + np.repeat(low - self.starts, counts)
        corners = np.stack([around.before, around.first, around.second, around.after])[:, self.owner]
        part = (rows >= corners[1]).astype(np.int64) + (rows >= corners[2])
        everywhere = np.arange(len(rows))
        left, right = corners[part, everywhere], corners[part + 1, everywhere]
        share = (rows - left) / np.maximum(right - left, 1)
        share[left == right] = 0.0
        self.a = np.where(part == 0, share, np.where(part == 1, 1 - share, 0.0))
        self.b = np.where(part == 2, 1 - share, np.where(part == 1, share, 0.0))
        self.target = boxes[:, rows]
        self.rest = np.where(part == 0, 1 - share, 0.0) * around.fixed_before[:, self.owner]
        self.rest += np.where(part == 2, share, 0.0) * around.fixed_after[:, self.owner]
        size = np.maximum(self.target[2:] - self.target[:2], 1e-6)
        self.scale = 1 / np.concatenate([size, size])

    def solve(self, weights: Floats) -> tuple[Floats, Floats]:
        """First and second boxes ``(4, W)`` of the least squares, weighted ``(4, R)``."""
        wanted = self.target - self.rest
        a, b = weights * self.a, weights * self.b
        aa, ab, bb, ar, br = (
            np.add.reduceat(each, self.starts, axis=1)
            for each in (a * self.a, a * self.b, b * self.b, a * wanted, b * wanted)
        )
        scale = aa * bb - ab * ab
        scale = np.where(scale > 1e-12 * aa * bb, scale, np.inf)
        return (bb * ar - ab * br) / scale, (aa * br - ab * ar) / scale

    def at(self, first: Floats, second: Floats) -> Floats:
        """The boxes ``(4, R)`` on the lines through these keyframes ``(4, W)``."""
        return np.asarray(self.a * first[:, self.owner] + self.b * second[:, self.owner] + self.rest)


def fit_keyframes(
    around: KeyframeNeighbourhoods, boxes: Floats, fine: Bools, iou: float
) -> tuple[Floats, Floats, Floats]:
    """First and second boxes ``(4, W)``, and the lowest overlap ``(W,)`` of the boxes ``(4, N)`` with the lines.

    iou: how much overlap is asked for; the search ends where it is reached, or seems out of reach. fine: ``(N,)``,
    where keyframes need more than two decimals. The sum of the four sides' deviations, as shares of the box's size, is
    nearly 1 - IoU, so that the greatest of those sums is to be small: least squares, weighted anew in each step.
    """
    first, second = np.zeros_like(around.fixed_before), np.zeros_like(around.fixed_before)
    lowest = np.full(len(around.first), -1.0)
    open_ = np.arange(len(lowest))
    equations = _Equations(around, boxes)
    weights = equations.scale**2
    found = equations.solve(weights)
    for step in range(STEPS):
        if step:
            solved = equations.solve(weights)
            found = (found[0] + DAMPING * (solved[0] - found[0]), found[1] + DAMPING * (solved[1] - found[1]))
        one, two = rounded(found[0], fine[around.first]), rounded(found[1], fine[around.second])
        lines = equations.at(one, two)
        reached = np.minimum.reduceat(paired_iou(lines, equations.target), equations.starts)
        better = reached > lowest[open_]
        first[:, open_[better]], second[:, open_[better]] = one[:, better], two[:, better]
        lowest[open_] = np.maximum(lowest[open_], reached)
        going_on = (reached < iou) & (reached >= iou * GIVE_UP[min(step, len(GIVE_UP) - 1)])
        if not going_on.any():
            break
        weights = _weights(equations, lines)
        if not going_on.all():
            weights = weights[:, going_on[equations.owner]]
            around, open_ = around[going_on], open_[going_on]
            found = (found[0][:, going_on], found[1][:, going_on])
            equations = _Equations(around, boxes)
    return first, second, lowest


def _weights(equations: _Equations, lines: Floats) -> Floats:
    deviations = np.abs(lines - equations.target) * equations.scale
    sums = deviations.sum(axis=0)
    worst = np.maximum.reduceat(sums, equations.starts)[equations.owner]
    share = sums / np.where(worst > 0, worst, 1.0)
    return np.asarray(share**POWER / np.maximum(deviations, 1e-3) * equations.scale**2)


def rounded(boxes: Floats, fine: Bools) -> Floats:
    """Boxes ``(4, W)`` as they are written: with four decimals where `fine` ``(W,)`` says so, with two elsewhere."""
    return np.asarray(np.where(fine, boxes.round(4), boxes.round(2)))
