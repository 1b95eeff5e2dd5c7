"""Where the boxes of one frame are in the next, by the pictures alone.

Points inside each box are followed, and the median of their ways is the box's (Kalal et al., "Forward-backward error:
Automatic detection of tracking failures", 2010). How many of them agree on it tells how sure that is.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats, Frame, Ints
from tracker.association.tracks import Shifts
from tracker.motion.camera_estimate import Look, View, look_at
from tracker.motion.corners import corner_strength, follow

GRID = (8, 6)  # rows and columns of places in the middle of a box; the best corner of each four is taken
MIDDLE = 0.6  # share of its width and height that is the middle: further out is background
AGREE = 1.0  # pixels of the small picture by which a point may miss the median, since limbs swing
FEWEST = 3  # points that have to agree
SHARE = 0.5  # of a box's points that have to agree
DEVIATION = 0.5  # pixels of the small picture, standard deviation of a box's shift


class Carrier:
    """Follows boxes from picture to picture; remembers the last small picture and nothing else.

    look: `look_at`, or a `LookOnce` that others look through as well.
    """

    def __init__(self, look: Look = look_at) -> None:
        self.look = look
        self._before: View | None = None
        self._now: tuple[int, Shifts | None] = (0, None)

    def __call__(self, frame: Frame, boxes: Floats) -> Shifts | None:
        """How far xyxy boxes ``(N, 4)`` of the last frame have moved until this one; None where there is no telling.

        Call it once a frame, in order, or again for the same frame, which costs nothing.
        """
        index, shifts = self._now
        if index != frame.index:
            now, before = self.look(frame, np.empty((0, 4))), self._before
            same = now is not None and before is not None and not frame.cut and now.grey.shape == before.grey.shape
            shifts = box_shifts(before, now, boxes) if same and now and before and len(boxes) else None
            self._before, self._now = now, (frame.index, shifts)
        return shifts


def box_shifts(before: View, now: View, boxes: Floats) -> Shifts:
    """How far xyxy boxes ``(N, 4)``, in pixels of the frame, have moved between two small pictures."""
    points, owners = inner_points(before, boxes / np.tile(before.size, 2))
    found, sure = follow(before.grey, now.grey, points)
    offsets, sure = agreed_ways(found - points, sure, owners, len(boxes))
    return Shifts(offsets * now.size, sure, DEVIATION * now.size)


def inner_points(view: View, boxes: Floats) -> tuple[Floats, Ints]:
    """Points ``(P, 2)`` worth following in the middle of xyxy boxes ``(N, 4)``, and their boxes' rows ``(P,)``.

    None where another box is in front: what stands lower in the picture.
    """
    rows, columns = GRID
    height, width = view.grey.shape
    margin = (1 - MIDDLE) / 2
    across = margin + MIDDLE * (np.arange(columns) + 0.5) / columns
    down = margin + MIDDLE * (np.arange(rows) + 0.5) / rows
    x = boxes[:, 0, None, None] + (boxes[:, 2] - boxes[:, 0])[:, None, None] * across[None, None, :]
    y = boxes[:, 1, None, None] + (boxes[:, 3] - boxes[:, 1])[:, None, None] * down[None, :, None]
    places = np.stack(np.broadcast_arrays(x, y), axis=-1)
    inside = (places >= 0).all(axis=-1) & (places[..., 0] <= width - 1) & (places[..., 1] <= height - 1)
    at = np.where(inside[..., None], places, 0).astype(np.int64)
    strength = np.where(inside, corner_strength(view.grey)[at[..., 1], at[..., 0]], -1.0)
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


def agreed_ways(ways: Floats, sure: Bools, owners: Ints, count: int) -> tuple[Floats, Bools]:
    """The median way ``(N, 2)`` of each box's sure points, and whether enough of its points agree on it ``(N,)``.

    ways: ``(P, 2)`` of all points. owners: ``(P,)`` ascending, the box of each.
    """
    offered = np.bincount(owners, minlength=count)
    kept, ways = owners[sure], ways[sure]
    number = np.bincount(kept, minlength=count)
    start = np.cumsum(number) - number
    middle = np.zeros((count, 2))
    some = number > 0
    for axis in (0, 1):
        ordered = ways[np.lexsort([ways[:, axis], kept]), axis]
        low, high = start + (number - 1) // 2, start + number // 2
        middle[some, axis] = (ordered[low[some]] + ordered[high[some]]) / 2
    close = np.abs(ways - middle[kept]).max(axis=1, initial=0.0) <= AGREE
    agreeing = np.bincount(kept[close], minlength=count)
    return middle, (agreeing >= FEWEST) & (agreeing >= SHARE * offered)
