"""Masks as polygons, and polygons as masks, pixel for pixel as pycocotools fills them.

A polygon goes along the edges of pixels, so that filling it gives the very pixels that it was made of. A hole is joined
to the line around it by a line back and forth, which encloses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.base import Floats, Ints
from detectors.masks import Mask
from tracker.annotations import validate

FINE = 5  # parts of a pixel in which pycocotools draws the lines around a polygon
STEPS = 20_000_000  # of all lines of a mask in these parts

Point = tuple[int, int]


def polygons_of(mask: Mask) -> list[Ints]:
    """Polygons ``(P, 2)`` of x, y in pixels of the frame, one a connected part of the mask, along its pixels' edges."""
    rings = _rings(np.pad(mask.pixels(), 1))
    outer = [ring for ring in rings if _doubled_area(ring) > 0]
    for hole in (ring for ring in rings if _doubled_area(ring) < 0):
        at = next(number for number, ring in enumerate(outer) if _around(ring, hole))
        outer[at] = _joined(outer[at], hole)
    return [ring + np.array([mask.x - 1, mask.y - 1]) for ring in outer]


def outline_of(mask: Mask) -> Ints:
    """One polygon ``(P, 2)`` around all parts, for formats that have one an object; empty for an empty mask.

    The parts are joined by lines back and forth, which enclose nothing.
    """
    parts = polygons_of(mask)
    whole = parts[0] if parts else np.empty((0, 2), dtype=np.int64)
    for part in parts[1:]:
        whole = _joined(whole, part)
    return whole


def _rings(padded: npt.NDArray[np.bool_]) -> list[Ints]:
    """The closed lines ``(P, 2)`` around pixels, with the object on the right; outer ones clockwise, holes against."""
    following: dict[Point, list[Point]] = {}
    change = np.diff(padded.astype(np.int8), axis=0)
    for (row, column), step in zip(np.argwhere(change).tolist(), change[change != 0].tolist(), strict=True):
        ends = (column, row + 1), (column + 1, row + 1)
        start, end = ends if step > 0 else ends[::-1]
        following.setdefault(start, []).append(end)
    change = np.diff(padded.astype(np.int8), axis=1)
    for (row, column), step in zip(np.argwhere(change).tolist(), change[change != 0].tolist(), strict=True):
        ends = (column + 1, row), (column + 1, row + 1)
        start, end = ends if step < 0 else ends[::-1]
        following.setdefault(start, []).append(end)
    rings = []
    while following:
        rings.append(_ring(following))
    return rings


def _ring(following: dict[Point, list[Point]]) -> Ints:
    """One closed line, taken out of the edges that are left; where two meet, it turns so that it stays a simple one."""
    start = next(iter(following))
    at, corners, heading = start, list[Point](), (0, 0)
    while True:
        ends = following[at]
        right = [end for end in ends if (end[0] - at[0], end[1] - at[1]) == (-heading[1], heading[0])]
        end = right[0] if len(ends) > 1 and right else ends[0]
        ends.remove(end)
        if not ends:
            del following[at]
        step = end[0] - at[0], end[1] - at[1]
        if step != heading:
            corners.append(at)
        at, heading = end, step
        if at == start:
            return np.array(corners, dtype=np.int64)


def _doubled_area(ring: Ints) -> int:
    x, y = ring.T
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def _around(ring: Ints, hole: Ints) -> bool:
    """Whether a hole lies inside a line: the pixel beside the hole's first corner does, by crossings to its left."""
    x, y = hole[hole[:, 0] == hole[:, 0].min()][0]
    y = y + 0.5 if _goes_down(hole, int(x), int(y)) else y - 0.5
    (x1, y1), (x2, y2) = ring.T, np.roll(ring, -1, axis=0).T
    crossed = (x1 == x2) & (x1 < x) & (np.minimum(y1, y2) < y) & (np.maximum(y1, y2) > y)
    return bool(crossed.sum() % 2)


def _goes_down(hole: Ints, x: int, y: int) -> bool:
    """Whether the left side of a hole that has a corner at its left end goes down from there."""
    side = hole[hole[:, 0] == x][:, 1]
    return bool((side > y).any())


def _joined(ring: Ints, hole: Ints) -> Ints:
    """One line around a part and around a hole in it, by a way from the first corner of one to that of the other."""
    return np.concatenate([ring, ring[:1], hole, hole[:1]])


def filled_polygons(value: Any, size: tuple[int, int] | None) -> Mask:
    """The pixels of polygons ``[[x1, y1, x2, y2, ...], ...]`` together. size: height and width of the frame, if known.

    Raises ValueError for anything else, and for more than anybody draws.
    """
    if not isinstance(value, list) or not all(isinstance(each, list) for each in value):
        raise ValueError("a mask is neither run lengths nor polygons")
    return fill([_points(each) for each in value], size)


def _points(flat: Sequence[Any]) -> Floats:
    if len(flat) < 6 or len(flat) % 2:
        raise ValueError("a polygon is no list of x and y of three points or more")
    limit = limits.PIXELS
    return np.array([validate.number(each, "polygon", -limit, limit) for each in flat]).reshape(-1, 2)


def fill(polygons: Sequence[Floats], size: tuple[int, int] | None) -> Mask:
    """The pixels of polygons ``(P, 2)`` together, as pycocotools fills them. Raises ValueError for too long lines."""
    if not polygons:
        return Mask(0, 0, 0, 0, b"")
    every = np.concatenate(polygons)
    left, top = np.maximum(np.floor(every.min(axis=0)), 0).astype(np.int64).tolist()
    far = np.array(size[::-1] if size else (limits.PIXELS, limits.PIXELS))
    right, bottom = np.minimum(np.ceil(every.max(axis=0)) + 1, far).astype(np.int64).tolist()
    width, height = max(0, right - left), max(0, bottom - top)
    if width * height > limits.PICTURE_PIXELS:
        raise ValueError("a polygon is larger than any picture")
    pixels = np.zeros((height, width), dtype=bool)
    for polygon in polygons if width and height else ():
        pixels |= _filled(polygon - [left, top], height, width)
    return Mask.pack(pixels, left, top)


def _filled(polygon: Floats, height: int, width: int) -> npt.NDArray[np.bool_]:
    """The pixels ``(height, width)`` of one polygon: column by column, each crossing of its line turns them over."""
    line = _line(np.trunc(polygon * FINE + 0.5).astype(np.int64))
    before, after = line[:-1], line[1:]
    across = before[:, 0] != after[:, 0]
    before, after = before[across], after[across]
    columns = np.where(after[:, 0] < before[:, 0], after[:, 0], after[:, 0] - 1)
    middle = (columns - FINE // 2) % FINE == 0
    columns = (columns[middle] - FINE // 2) // FINE
    rows = np.minimum(before[middle, 1], after[middle, 1])
    rows = np.ceil(np.clip((rows + 0.5) / FINE - 0.5, 0, height)).astype(np.int64)
    inside = (columns >= 0) & (columns < width)
    turns = np.bincount(columns[inside] * height + rows[inside], minlength=width * height + 1)
    return np.asarray((np.cumsum(turns[: width * height]) % 2).astype(bool).reshape(width, height).T)


def _line(corners: Ints) -> Ints:
    """All points ``(S, 2)`` of a closed line through corners, in steps of one along the longer way of each side."""
    starts, ends = corners, np.roll(corners, -1, axis=0)
    spans = np.abs(ends - starts)
    lengths = spans.max(axis=1)
    if lengths.sum() > STEPS:
        raise ValueError("a polygon is longer than any outline")
    side = np.repeat(np.arange(len(corners)), lengths + 1)
    step = np.arange(len(side)) - np.repeat(np.cumsum(lengths + 1) - lengths - 1, lengths + 1)
    flat = spans[:, 0] >= spans[:, 1]
    along = np.where(flat, ends[:, 0] - starts[:, 0], ends[:, 1] - starts[:, 1])
    turned = along < 0  # a side is drawn from its lower end, which matters where it is rounded
    first, last = np.where(turned[:, None], ends, starts), np.where(turned[:, None], starts, ends)
    rise = np.where(flat, (last - first)[:, 1], (last - first)[:, 0]) / np.maximum(lengths, 1)
    place = np.where(turned[side], lengths[side] - step, step)
    main = np.where(flat, first[:, 0], first[:, 1])[side] + place
    other = np.trunc(np.where(flat, first[:, 1], first[:, 0])[side] + rise[side] * place + 0.5).astype(np.int64)
    return np.stack([np.where(flat[side], main, other), np.where(flat[side], other, main)], axis=1)
