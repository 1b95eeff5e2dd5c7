"""The smallest set of keyframes that are boxes of the track, by a shortest path."""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.annotations.interpolation import paired_iou

LONGEST = 250  # frames from one keyframe to the next


def optimal_keyframes(boxes: Floats, exact: Floats, iou: float) -> Bools:
    """Which boxes ``(N,)`` of a run of consecutive frames are keyframes.

    boxes: ``(N, 4)`` xyxy pixels as keyframes have them, rounded. exact: ``(N, 4)``, what the lines between keyframes
    must overlap by `iou`. No other choice of boxes at most LONGEST frames apart needs fewer keyframes. The boxes are
    the nodes of a graph, with an edge between two if the line between them overlaps all boxes that it skips; the
    path from the first to the last with the fewest edges is found in the order of the frames.
    """
    count = len(boxes)
    steps, came_from = np.full(count, count + 1), np.zeros(count, dtype=np.int64)
    steps[0] = 0
    slack = (1 / iou - 1) * np.tile(exact[:, 2:] - exact[:, :2], 2)  # no side of a box with that overlap is farther off
    for at in range(count - 1):
        ends = at + 1 + np.flatnonzero(steps[at + 1 : at + 1 + LONGEST] > steps[at] + 1)
        if len(ends):
            ends = _within_reach(boxes, exact, slack, at, ends)
            ends = ends[_fitting(boxes, exact, at, ends, iou)]
            steps[ends], came_from[ends] = steps[at] + 1, at
    kept, at = np.zeros(count, dtype=bool), count - 1
    while at:
        kept[at], at = True, int(came_from[at])
    kept[0] = True
    return kept


def _within_reach(boxes: Floats, exact: Floats, slack: Floats, at: int, ends: Ints) -> Ints:
    """Those of `ends` that are possible for each side alone: its line must stay within the slack. A quick test."""
    between = slice(at + 1, int(ends[-1]))
    frames = np.arange(1, between.stop - at)[:, None]
    low = np.maximum.accumulate((exact[between] - slack[between] - boxes[at]) / frames, axis=0)
    high = np.minimum.accumulate((exact[between] + slack[between] - boxes[at]) / frames, axis=0)
    slopes = (boxes[ends] - boxes[at]) / (ends - at)[:, None]
    last = ends - at - 2  # row of the last box between; none for the next one
    inside = ((slopes >= low[last] - 1e-9) & (slopes <= high[last] + 1e-9)).all(axis=1) if len(low) else last < 0
    return ends[inside | (last < 0)]


def _fitting(boxes: Floats, exact: Floats, at: int, ends: Ints, iou: float) -> Bools:
    """Whether the line to each of `ends` overlaps all boxes between enough."""
    counts = ends - at - 1
    owner = np.repeat(np.arange(len(ends)), counts)
    inside = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    part = (inside / (ends - at)[owner])[:, None]
    lines = boxes[at] + (boxes[ends] - boxes[at])[owner] * part
    wrong = paired_iou(lines.T, exact[at + inside].T) < iou
    return np.asarray(np.bincount(owner[wrong], minlength=len(ends)) == 0)
