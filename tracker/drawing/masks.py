"""Masks drawn on a picture: a soft tint of the track's colour, with a clean edge."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Image
from detectors.masks import Mask
from tracker.drawing.labels import Colour

TINT = 0.38  # of the colour inside the mask
ROUNDING = 1.2  # standard deviation, in widths of a line, that rounds the stairs of pixels off
SHIFT = 4  # bits of a pixel's fraction in OpenCV's coordinates


def draw_mask(picture: Image, mask: Mask, colour: Colour, line: int) -> None:
    """Tint the pixels of one object and outline them. line: width in pixels of outlines on this picture."""
    height, width = picture.shape[:2]
    around = 2 * line
    inside = mask.within(height, width)
    left, top = max(0, inside.x - around), max(0, inside.y - around)
    right = min(width, inside.x + inside.width + around)
    bottom = min(height, inside.y + inside.height + around)
    if not inside.height or not inside.width:
        return
    alpha = np.zeros((bottom - top, right - left), dtype=np.uint8)
    alpha[inside.y - top :, inside.x - left :][: inside.height, : inside.width] = inside.pixels() * np.uint8(255)
    smooth = cv2.GaussianBlur(alpha, (0, 0), ROUNDING * line, borderType=cv2.BORDER_REPLICATE)
    part = picture[top:bottom, left:right]
    _tint(part, smooth, colour)
    edges, _ = cv2.findContours((smooth > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(part, [_rounded(edge) for edge in edges], True, colour, max(1, line // 2), cv2.LINE_AA, SHIFT)


def _tint(part: Image, alpha: npt.NDArray[Any], colour: Colour) -> None:
    """Mix the colour into a part of a picture, as much as `alpha` ``(h, w)`` of 255 says."""
    weight = (alpha.astype(np.float32) * np.float32(TINT / 255))[:, :, None]
    mixed = part + weight * (np.array(colour, dtype=np.float32) - part)
    part[...] = np.rint(mixed).astype(np.uint8)


def _rounded(edge: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """A closed line of pixels as OpenCV's fixed-point numbers, each the mean of itself and its neighbours."""
    points = edge.astype(np.float32)
    mean = (np.roll(points, 1, axis=0) + 2 * points + np.roll(points, -1, axis=0)) / 4
    return np.rint(mean * (1 << SHIFT)).astype(np.int32)
