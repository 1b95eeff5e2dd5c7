"""The cells of a network's feature maps: how many an input has, and where they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Floats

STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (4, 8, 16, 32, 64))
"""Of the detectors that exist: the usual ones, P6, P2, both."""
TINY = ((16, 32),)
"""Of tiny ones; to be asked for, as 300 rows, the number of an end-to-end head, may be cells of these."""


def sides(height: int, width: int, stride: int, up: bool = False) -> tuple[int, int]:
    """Rows and columns of the map of a stride. up: whether a part of a cell counts as one."""
    return (-(-height // stride), -(-width // stride)) if up else (height // stride, width // stride)


def count(height: int, width: int, strides: Sequence[int], up: bool = False) -> int:
    """How many cells the maps of all strides have."""
    return sum(int(np.prod(sides(height, width, stride, up))) for stride in strides)


def strides_of(
    rows: int, height: int, width: int, anchors: int = 1, among: Sequence[tuple[int, ...]] = STRIDES
) -> tuple[int, ...] | None:
    """The strides whose maps have together so many cells with so many boxes each; None where there are none.

    A network that pads its maps has a cell more where a stride does not divide the input.
    """
    for strides in among:
        if rows in (anchors * count(height, width, strides, up) for up in (False, True)):
            return strides
    return None


def corners(height: int, width: int, strides: Sequence[int]) -> tuple[Floats, Floats]:
    """The top left corner ``(N, 2)`` of each cell, x and y in pixels, map by map, row by row; its stride ``(N, 1)``."""
    points, steps = [], []
    for stride in strides:
        rows, columns = sides(height, width, stride, up=True)
        y, x = np.mgrid[:rows, :columns]
        points.append(np.stack([x.ravel(), y.ravel()], axis=1) * float(stride))
        steps.append(np.full((rows * columns, 1), float(stride)))
    return np.concatenate(points), np.concatenate(steps)
