"""Geometry of points, segments and polygons in the picture, in pure NumPy.

A polygon is ``(P, 2)``, its corners in order, closed without repeating the first. All coordinates are pixels, x to the
right, y down.
"""

from __future__ import annotations

import numpy as np

from detectors.base import Bools, Floats

ON_EDGE = 1e-6  # pixels from an edge within which a point lies on it


def contains(polygon: Floats, points: Floats) -> Bools:
    """Which ``(N,)`` of the points ``(N, 2)`` lie inside a polygon or on its edge.

    A ray to the right crosses the edges an odd number of times (Shimrat 1962); of an edge, one end counts.
    """
    x, y = points[:, 0, None], points[:, 1, None]
    start, end = polygon, np.roll(polygon, -1, axis=0)
    beside = (start[:, 1] > y) != (end[:, 1] > y)  # (N, P)
    rise = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    with np.errstate(over="ignore", invalid="ignore"):  # of edges that are almost level, which count where they cross y
        meets = start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])
    inside = (beside & (x < meets)).sum(axis=1) % 2 == 1
    return np.asarray(inside | (distance_to(start, end, points) <= ON_EDGE))


def distance_to(starts: Floats, ends: Floats, points: Floats) -> Floats:
    """Distance ``(N,)`` of points ``(N, 2)`` from the nearest of the segments ``(E, 2)``; inf for none."""
    along = ends - starts
    length = (along**2).sum(axis=1)
    away = points[:, None] - starts  # (N, E, 2)
    share = np.clip((away * along).sum(axis=2) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    squares = ((away - share[..., None] * along) ** 2).sum(axis=2)
    return np.asarray(np.sqrt(squares.min(axis=1, initial=np.inf)))


def area(polygon: Floats) -> float:
    """Square pixels that a polygon encloses (the shoelace formula)."""
    x, y = (polygon - polygon[0]).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def crosses_itself(polygon: Floats) -> bool:
    """Whether two edges of a polygon cross, other than at a common corner."""
    ends = np.roll(polygon, -1, axis=0)
    return bool(segments_cross(polygon, ends, polygon, ends).any())


def segments_cross(starts: Floats, ends: Floats, other_starts: Floats, other_ends: Floats) -> Bools:
    """Which ``(N, M)`` of N segments properly cross which of M others; touching is not crossing."""
    parted = _side(starts, ends, other_starts) * _side(starts, ends, other_ends) < 0
    others = _side(other_starts, other_ends, starts) * _side(other_starts, other_ends, ends) < 0
    return np.asarray(parted & others.T)


def _side(starts: Floats, ends: Floats, points: Floats) -> Floats:
    """``(N, M)``: 1 or -1 for the side of each segment that each point lies on, 0 for on its line."""
    along, away = (ends - starts)[:, None], points[None] - starts[:, None]
    return np.asarray(np.sign(along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]))


def depth(polygon: Floats, starts: Floats, ends: Floats, cells: int = 32) -> float:
    """The largest distance from the segments inside a polygon, in pixels; found on a grid, so a little too small."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    steps = (np.arange(cells) + 0.5) / cells
    grid = np.stack(np.meshgrid(*(low + steps[:, None] * (high - low)).T), axis=-1).reshape(-1, 2)
    inside = grid[contains(polygon, grid)]
    return float(distance_to(starts, ends, inside).max(initial=0.0))
