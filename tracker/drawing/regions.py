"""Regions drawn on a frame: ignored parts are darkened, zones tinted; lines with arrows; counts of both."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from detectors.base import Floats, Image
from tracker.drawing.labels import INK, Colour, line_width, make_tag, paste, text_size
from tracker.regions.activity import Activity

IGNORED = 0.45  # share of the brightness that ignored parts keep
TINT = 0.16  # share of the zone's colour in its pixels
LINE: Colour = (70, 205, 255)
ZONES: tuple[Colour, ...] = ((235, 205, 110), (165, 225, 130), (215, 165, 235), (130, 190, 250))
PALE: Colour = (225, 222, 218)  # outline of regions of interest

SHIFT = 4  # bits of a pixel's fraction in OpenCV's coordinates


class Patch(NamedTuple):
    """A part of the picture: its rows and columns, and which of its pixels ``(h, w)`` are meant (255)."""

    rows: slice
    columns: slice
    mask: Image


class RegionPainter:
    """Draws the regions of an `Activity` and their counts; constant parts are prepared once per picture size."""

    def __init__(self, activity: Activity) -> None:
        self._activity, self._regions = activity, activity.regions
        self._size: tuple[int, int] | None = None
        self._ignored: Patch | None = None
        self._zones: list[tuple[Patch | None, Image]] = []

    def draw_below(self, picture: Image) -> None:
        """Draw what lies under the tracks: areas, their outlines, and lines."""
        if self._size != picture.shape[:2]:
            self._prepare(picture)
        if self._ignored is not None:
            part = picture[self._ignored.rows, self._ignored.columns]
            cv2.copyTo(cv2.convertScaleAbs(part, alpha=IGNORED), self._ignored.mask, part)
        for patch, paint in self._zones:
            if patch is not None:
                part = picture[patch.rows, patch.columns]
                cv2.copyTo(cv2.addWeighted(part, 1 - TINT, paint, TINT, 0), patch.mask, part)
        width = line_width(picture)
        for polygon in self._regions.roi:
            _outline(picture, polygon, PALE, max(1, width // 2))
        for polygon, colour in zip(self._regions.zones.values(), _colours(len(self._regions.zones)), strict=True):
            _outline(picture, polygon, colour, max(1, width - 1))
        for line in self._regions.lines.values():
            _draw_line(picture, line, width)

    def draw_above(self, picture: Image) -> None:
        """Draw what lies over the tracks: names and counts, of zones those who are in this frame."""
        size = text_size(picture)
        counts = self._activity.seen_in_zones()
        for (name, polygon), colour in zip(self._regions.zones.items(), _colours(len(counts)), strict=True):
            tag = make_tag((*name.split(), "", str(counts[name])), colour, size)
            left, top = _corner(polygon)
            paste(picture, tag, left, top)
        for name, count in self._activity.line_counts().items():
            words = (*name.split(), "", "in", str(count["in"]), "", "out", str(count["out"]))
            tag = make_tag(words, LINE, size)
            paste(picture, tag, *_beside(self._regions.lines[name], tag, picture))

    def _prepare(self, picture: Image) -> None:
        self._size = picture.shape[:2]
        height, width = self._size
        ignored = np.full((height, width), 255 if self._regions.roi else 0, dtype=np.uint8)
        for polygon in self._regions.roi:
            cv2.fillPoly(ignored, [_fixed(polygon)], 0, cv2.LINE_8, SHIFT)
        for polygon in self._regions.mask:
            cv2.fillPoly(ignored, [_fixed(polygon)], 255, cv2.LINE_8, SHIFT)
        self._ignored = _patch(ignored)
        self._zones = []
        for polygon, colour in zip(self._regions.zones.values(), _colours(len(self._regions.zones)), strict=True):
            inside = np.zeros((height, width), dtype=np.uint8)
            cv2.fillPoly(inside, [_fixed(polygon)], 255, cv2.LINE_8, SHIFT)
            patch = _patch(inside)
            shape = (0, 0) if patch is None else patch.mask.shape
            self._zones.append((patch, np.full((*shape, 3), colour, dtype=np.uint8)))


def _colours(count: int) -> list[Colour]:
    return [ZONES[index % len(ZONES)] for index in range(count)]


def _patch(mask: Image) -> Patch | None:
    """The smallest part of the picture that holds a mask; None for an empty one."""
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return None
    rows, columns = slice(top, top + height), slice(left, left + width)
    return Patch(rows, columns, mask[rows, columns].copy())


def _fixed(points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Points as OpenCV takes them, in fixed-point numbers, clipped far outside any picture."""
    return np.rint(np.clip(points, -30000, 30000) * (1 << SHIFT)).astype(np.int32)


def _outline(picture: Image, polygon: Floats, colour: Colour, width: int) -> None:
    for ink, extra in ((INK, 2), (colour, 0)):
        cv2.polylines(picture, [_fixed(polygon)], True, ink, width + extra, cv2.LINE_AA, SHIFT)


def _draw_line(picture: Image, line: Floats, width: int) -> None:
    """A line with a dot at each end, and an arrow from its middle to where "in" is."""
    arrow = _arrow(line, 4.5 * width)
    start, end = _fixed(line)
    for colour, extra in ((INK, 2), (LINE, 0)):
        cv2.line(picture, start, end, colour, width + extra, cv2.LINE_AA, SHIFT)
        for dot in (start, end):
            cv2.circle(picture, dot, (2 * width + extra) << (SHIFT - 1), colour, -1, cv2.LINE_AA, SHIFT)
        if extra:
            cv2.polylines(picture, [_fixed(arrow)], True, colour, extra + 1, cv2.LINE_AA, SHIFT)
        cv2.fillPoly(picture, [_fixed(arrow)], colour, cv2.LINE_AA, SHIFT)


def _arrow(line: Floats, length: float) -> Floats:
    """A triangle ``(3, 2)`` on the middle of a line, that points to its right."""
    along = (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
    right, middle = np.array([-along[1], along[0]]), line.mean(axis=0)
    return np.array([middle - 0.55 * length * along, middle + 0.55 * length * along, middle + length * right])


def _corner(polygon: Floats) -> tuple[int, int]:
    """Left and top of a tag at the corner of a polygon that lies nearest to the top left."""
    x, y = polygon[polygon.sum(axis=1).argmin()]
    return round(float(x)), round(float(y))


def _beside(line: Floats, tag: Image, picture: Image) -> tuple[int, int]:
    """Left and top of a tag beside the middle of a line, on the side that its arrow does not point to."""
    along = (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
    half = np.array(tag.shape[1::-1]) / 2
    away = 3 * line_width(picture) + np.abs(half * (along[1], along[0])).sum()
    left, top = line.mean(axis=0) - away * np.array([-along[1], along[0]]) - half
    return round(float(left)), round(float(top))
