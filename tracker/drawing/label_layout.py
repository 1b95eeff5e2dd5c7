"""Where labels go: beside their object, on no small one and on no other label; shortened or left out in crowds.

A greedy point-feature labelling with a fixed set of places for each (Christensen, Marks & Shieber, "An empirical study
of algorithms for point-feature label placement", 1995), that keeps a label's place from frame to frame.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.base import Floats

ROOMY = 6.0  # areas of a label: of an object that is so much larger it hides little
COVERED = 0.3  # share of a smaller object or of a label that may be covered, where there is no better place
WIDE, WIDE_COST = 3.0, 0.05  # widths of its object: a longer label is shortened, unless it is short
STICKY = 0.1  # of a place's cost: what another one must save before a label moves to it
OUTSIDE = 10.0  # cost of a place that is not in the picture
LABEL_WEIGHT = 2.0  # a label that covers another one, against one that covers an object

AT_ONCE = 1_000_000  # numbers in an intermediate result, about, however many objects there are
PLACES = 6  # in the order in which they are tried: above left, above right, inside, right, below, left


class Placed(NamedTuple):
    """A label's place. left, top: pixels. form: which of its forms, 0 for the longest."""

    left: int
    top: int
    form: int


class LabelLayout:
    """Places of the labels of successive frames."""

    def __init__(self) -> None:
        self._kept: dict[int, int] = {}  # track id -> the choice of the frame before, form * PLACES + place

    def place(
        self, track_ids: list[int], boxes: Floats, sizes: Floats, picture: tuple[int, int]
    ) -> list[Placed | None]:
        """A place for each label, or None for one that would hide more than it tells.

        boxes: ``(N, 4)`` xyxy. sizes: ``(N, F, 2)``, width and height of the label's forms, the longest first.
        picture: height and width. The nearest objects, whose feet are lowest, are served first.
        """
        if not len(boxes):
            return []
        choices = _rectangles(boxes, sizes)
        fits = _inside(choices, picture)
        wide = WIDE_COST * (sizes[..., 0] > WIDE * (boxes[:, 2] - boxes[:, 0])[:, None])
        wide[:, -1] = 0.0
        parts = np.array_split(choices.reshape(-1, 4), 1 + choices.size * len(boxes) // AT_ONCE)
        hidden = np.concatenate([_share(part, boxes, 1 / ROOMY) for part in parts]).reshape(fits.shape)
        hidden += np.repeat(wide, PLACES, axis=1) + OUTSIDE * ~fits
        found: list[Placed | None] = [None] * len(boxes)
        kept: dict[int, int] = {}
        taken = np.empty((0, 4))
        for row in np.argsort(-boxes[:, 3], kind="stable").tolist():
            costs = hidden[row] + LABEL_WEIGHT * _share(choices[row], taken, of_smaller=True)
            choice = self._choose(costs, self._kept.get(track_ids[row]))
            if choice is None:
                continue
            form, _ = divmod(choice, PLACES)
            rectangle = choices[row, choice]
            taken = np.vstack([taken, rectangle])
            found[row] = Placed(round(float(rectangle[0])), round(float(rectangle[1])), form)
            kept[track_ids[row]] = choice
        self._kept = kept
        return found

    def _choose(self, costs: Floats, before: int | None) -> int | None:
        """The first place that costs nothing, form by form, else the best one, else none; rather the one before."""
        free = np.flatnonzero(costs < 1e-3)
        best = int(free[0]) if len(free) else int(np.argmin(costs))
        if before is not None and costs[before] <= costs[best] + STICKY and before // PLACES <= best // PLACES:
            best = before
        return best if costs[best] <= COVERED or not (costs < OUTSIDE).any() else None


def _rectangles(boxes: Floats, sizes: Floats) -> Floats:
    """The places ``(N, F * PLACES, 4)`` of labels around boxes, xyxy."""
    x1, y1, x2, y2 = (edge[:, None] for edge in boxes.T)
    width, height = sizes[..., 0], sizes[..., 1]
    lefts = np.stack(np.broadcast_arrays(x1, x2 - width, x1, x2, x1, x1 - width), axis=2)
    tops = np.stack(np.broadcast_arrays(y1 - height, y1 - height, y1, y1, y2, y1), axis=2)
    corners = np.stack([lefts, tops, lefts + width[..., None], tops + height[..., None]], axis=3)
    return np.asarray(corners.reshape(len(boxes), -1, 4))


def _inside(choices: Floats, picture: tuple[int, int]) -> np.ndarray:
    height, width = picture
    return np.asarray(
        (choices[..., :2] >= -2).all(axis=2) & (choices[..., 2] <= width + 2) & (choices[..., 3] <= height + 2)
    )


def _share(rectangles: Floats, others: Floats, little: float = 0.0, of_smaller: bool = False) -> Floats:
    """The largest share ``(R,)`` of any of `others` ``(N, 4)`` that each rectangle covers; 0 where it is `little`.

    of_smaller: the share of the smaller one of both instead, since a label in another one's middle hides its words.
    """
    if not len(others):
        return np.zeros(len(rectangles))
    low = np.maximum(rectangles[:, None, :2], others[:, :2])
    high = np.minimum(rectangles[:, None, 2:], others[:, 2:])
    covered = np.clip(high - low, 0, None).prod(axis=2)
    area = np.maximum((others[:, 2:] - others[:, :2]).prod(axis=1), 1.0)
    if of_smaller:
        area = np.minimum(area, np.maximum((rectangles[:, 2:] - rectangles[:, :2]).prod(axis=1), 1.0)[:, None])
    largest = (covered / area).max(axis=1)
    return np.asarray(np.where(largest > little, largest, 0.0))
