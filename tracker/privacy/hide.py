"""Hides what covers tell in a picture, by so few colours that nobody is recognised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Image
from detectors.masks import box_crops
from tracker.privacy.cover import LEAST, MARGIN, Cover
from tracker.privacy.policy import Manner

CELLS, HEAD_CELLS = 9, 3  # along the longer side of an object, or of a head, of one colour each
SMALLEST = 10  # pixels of such a cell
RIM, WIDEST = 0.35, 12.0  # of a cell, and pixels at most, over which the picture begins again around a box
FEATHER = 2.0  # pixels the same around a mask


def hide(picture: Image, covers: Iterable[Cover]) -> None:
    """Hide all of `covers` in the picture, in place. Around each, the picture begins again little by little."""
    height, width = picture.shape[:2]
    for cover in covers:
        cell, box = _cell(cover), np.clip(cover.box, -1e9, 1e9)
        rim = min(RIM * cell, WIDEST)
        x1, y1, x2, y2 = box_crops(box[None] + rim * np.array([-1, -1, 1, 1]), height, width)[0].tolist()
        if x2 <= x1 or y2 <= y1:
            continue
        part = picture[y1:y2, x1:x2]
        coarse = _coarse(part, cell, cover.manner)
        outside = _distance(box[[0, 2]], x1, x2)[None, :], _distance(box[[1, 3]], y1, y2)[:, None]
        ramps = [np.clip(1 - distance / rim, 0, 1) for distance in outside]
        hidden = np.rint(255 * ramps[0] * ramps[1]).astype(np.uint8)
        _blend(part, coarse, hidden if cover.mask is None else _coverage(cover, x1, y1, x2, y2))


def _cell(cover: Cover) -> float:
    """The side in pixels of what is shown in one colour."""
    return max(SMALLEST, float((cover.box[2:] - cover.box[:2]).max()) / cells_of(cover.manner))


def _distance(span: Floats, first: int, last: int) -> Floats:
    """How far outside of a span ``(2,)`` the pixels from `first` up to before `last` lie, 0 for those inside."""
    pixels = np.arange(first, last)
    return np.asarray(np.maximum(np.maximum(np.floor(span[0]) - pixels, pixels + 1 - np.ceil(span[1])), 0.0))


def _coarse(part: Image, cell: float, manner: Manner) -> Image:
    """The part of a picture in cells of one colour; softened between them for a blur."""
    height, width = part.shape[:2]
    size = max(1, round(width / cell)), max(1, round(height / cell))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_NEAREST if manner.style == "pixelate" else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (width, height), interpolation=how), dtype=np.uint8)


def cells_of(manner: Manner) -> int:
    """How many cells there are along the longer side of what is hidden."""
    return HEAD_CELLS if manner.head else CELLS


def _coverage(cover: Cover, x1: int, y1: int, x2: int, y2: int) -> npt.NDArray[np.uint8]:
    """How much of each pixel of a part is hidden, of 255: all of the mask and a margin, then less and less."""
    assert cover.mask is not None
    left, top, right, bottom = cover.mask.rectangle
    inside = np.zeros((y2 - y1, x2 - x1), dtype=np.uint8)
    a, b, c, d = max(left, x1), max(top, y1), min(right, x2), min(bottom, y2)
    if c > a and d > b:
        inside[b - y1 : d - y1, a - x1 : c - x1] = cover.mask.pixels()[
            b - top : d - top, a - left : c - left
        ] * np.uint8(255)
    margin = round(max(LEAST, MARGIN * float((cover.box[2:] - cover.box[:2]).mean()) / 2))
    grown = cv2.dilate(inside, _disc(margin))
    soft = cv2.GaussianBlur(cv2.dilate(grown, _disc(round(FEATHER))), (0, 0), FEATHER / 2)
    return np.maximum(grown, np.asarray(soft, dtype=np.uint8))


def _disc(radius: int) -> npt.NDArray[Any]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def _blend(part: Image, coarse: Image, coverage: npt.NDArray[np.uint8]) -> None:
    weight = coverage[:, :, None].astype(np.float32) / 255
    part[...] = np.rint(part + weight * (coarse.astype(np.float32) - part)).astype(np.uint8)
