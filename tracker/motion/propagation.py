"""Propagation: where the boxes of one frame are in the next, by the pictures alone.

Points inside each box are followed by optical flow, and their median displacement is that of the box: median flow
(Kalal et al., "Forward-backward error: Automatic detection of tracking failures", 2010). The result is reliable if
enough of the points agree on it.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Frame, Ints
from tracker.motion.corners import corner_strength
from tracker.motion.displacements import Displacements
from tracker.motion.downscaling import Downscaler, SmallFrame, downscale
from tracker.motion.optical_flow import track_points

GRID = (8, 6)  # rows and columns of positions in the middle of a box; the best corner of each four is taken
MIDDLE = 0.6  # share of its width and height that is the middle: further out is background
MAX_RESIDUAL = 1.0  # pixels of the small picture by which a point may miss the median, since limbs swing
MIN_POINTS = 3  # points that have to agree
MIN_SHARE = 0.5  # of a box's points that have to agree
DEVIATION = 0.5  # pixels of the small picture, standard deviation of a box's displacement


class Propagator:
    """Follows boxes from picture to picture; remembers the last small picture and nothing else.

    downscale: the `Downscaler`, so that others can share it.
    """

    def __init__(self, downscale: Downscaler = downscale) -> None:
        self.downscale = downscale
        self._before: SmallFrame | None = None
        self._now: tuple[int, Displacements | None] = (0, None)

    def __call__(self, frame: Frame, boxes: Floats) -> Displacements | None:
        """How far xyxy boxes ``(N, 4)`` of the last frame have moved; None where that cannot be measured.

        Call it once a frame, in order, or again for the same frame, which costs nothing.
        """
        index, displacements = self._now
        if index != frame.index:
            now, before = self.downscale(frame, np.empty((0, 4))), self._before
            same = now is not None and before is not None and not frame.cut and now.grey.shape == before.grey.shape
            displacements = box_displacements(before, now, boxes) if same and now and before and len(boxes) else None
            self._before, self._now = now, (frame.index, displacements)
        return displacements


def box_displacements(before: SmallFrame, now: SmallFrame, boxes: Floats) -> Displacements:
    """How far xyxy boxes ``(N, 4)``, in pixels of the frame, have moved between two small pictures."""
    points, owners = points_in_boxes(before, boxes / np.tile(before.size, 2))
    found, found_again = track_points(before.grey, now.grey, points)
    offsets, reliable = median_displacements(found - points, found_again, owners, len(boxes))
    return Displacements(offsets * now.size, reliable, DEVIATION * now.size)


def points_in_boxes(small: SmallFrame, boxes: Floats) -> tuple[Floats, Ints]:
    """Points ``(P, 2)`` worth following in the middle of xyxy boxes ``(N, 4)``, and their boxes' rows ``(P,)``.

    None where another box is in front: what stands lower in the picture.
    """
    rows, columns = GRID
    height, width = small.grey.shape
    margin = (1 - MIDDLE) / 2
    across = margin + MIDDLE * (np.arange(columns) + 0.5) / columns
    down = margin + MIDDLE * (np.arange(rows) + 0.5) / rows
    x = boxes[:, 0, None, None] + (boxes[:, 2] - boxes[:, 0])[:, None, None] * across[None, None, :]
    y = boxes[:, 1, None, None] + (boxes[:, 3] - boxes[:, 1])[:, None, None] * down[None, :, None]
    places = np.stack(np.broadcast_arrays(x, y), axis=-1)
    inside = (places >= 0).all(axis=-1) & (places[..., 0] <= width - 1) & (places[..., 1] <= height - 1)
    at = np.where(inside[..., None], places, 0).astype(np.int64)
    strength = np.where(inside, corner_strength(small.grey)[at[..., 1], at[..., 0]], -1.0)
    groups = strength.reshape(-1, rows // 2, 2, columns // 2, 2).swapaxes(2, 3).reshape(-1, rows * columns // 4, 4)
    fours = places.reshape(-1, rows // 2, 2, columns // 2, 2, 2).swapaxes(2, 3).reshape(-1, rows * columns // 4, 4, 2)
    best = groups.argmax(axis=2)[..., None]
    strong = np.take_along_axis(groups, best, 2)[..., 0] >= 0
    points = np.take_along_axis(fours, best[..., None], 2)[:, :, 0]
    strong &= ~_covered(points, boxes)
    return points[strong], np.nonzero(strong)[0]


def _covered(points: Floats, boxes: Floats) -> Bools:
    """Which points ``(N, P, 2)`` of each of N boxes are inside a box in front of it, ``(N, P)``."""
    x, y = points[:, :, None, 0], points[:, :, None, 1]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return np.asarray((inside & (boxes[:, 3] > boxes[:, None, None, 3])).any(axis=2))


def median_displacements(displacements: Floats, found_again: Bools, owners: Ints, count: int) -> tuple[Floats, Bools]:
    """The median displacement ``(N, 2)`` of each box's points, and whether enough of them agree on it ``(N,)``.

    displacements: ``(P, 2)`` of all points. found_again: ``(P,)``, those that count. owners: ``(P,)`` ascending,
    the box of each.
    """
    offered = np.bincount(owners, minlength=count)
    kept, displacements = owners[found_again], displacements[found_again]
    number = np.bincount(kept, minlength=count)
    start = np.cumsum(number) - number
    middle = np.zeros((count, 2))
    some = number > 0
    for axis in (0, 1):
        ordered = displacements[np.lexsort([displacements[:, axis], kept]), axis]
        low, high = start + (number - 1) // 2, start + number // 2
        middle[some, axis] = (ordered[low[some]] + ordered[high[some]]) / 2
    close = np.abs(displacements - middle[kept]).max(axis=1, initial=0.0) <= MAX_RESIDUAL
    agreeing = np.bincount(kept[close], minlength=count)
    return middle, (agreeing >= MIN_POINTS) & (agreeing >= MIN_SHARE * offered)
