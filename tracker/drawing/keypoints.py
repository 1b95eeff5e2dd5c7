"""Keypoints drawn on a picture: a dot each, and lines between those that belong together."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Image
from detectors.keypoints import VISIBLE, confidences, skeleton_of
from tracker.drawing.labels import INK, Colour

SHIFT = 4  # bits of a pixel's fraction in OpenCV's coordinates


def draw_keypoints(picture: Image, points: npt.NDArray[Any], colour: Colour, line: int) -> None:
    """Draw the keypoints ``(K, 2 or 3)`` of one object that are visible. line: width in pixels."""
    visible = confidences(points) > VISIBLE
    far = 4.0 * max(picture.shape[:2])  # OpenCV's integers would overflow
    places = np.where(visible[:, None], np.clip(points[:, :2], -far, far), 0.0)
    pixels = np.rint((places - 0.5) * (1 << SHIFT)).astype(np.int32).tolist()
    pairs = [pair for pair in skeleton_of(len(points)) if visible[list(pair)].all()]
    for ink, width in ((INK, line + 2), (colour, line)):
        for start, end in pairs:
            cv2.line(picture, pixels[start], pixels[end], ink, width, cv2.LINE_AA, SHIFT)
    for at in np.flatnonzero(visible):
        cv2.circle(picture, pixels[at], (line + 2) << SHIFT, INK, cv2.FILLED, cv2.LINE_AA, SHIFT)
        cv2.circle(picture, pixels[at], (line + 1) << SHIFT, colour, cv2.FILLED, cv2.LINE_AA, SHIFT)
