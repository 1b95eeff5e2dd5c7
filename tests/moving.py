"""Pictures in which something moves, for streams."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from detectors.base import Image

WIDTH, HEIGHT = 320, 240


def moving(count: int | None = None, width: int = WIDTH, height: int = HEIGHT) -> Iterator[Image]:
    """A disc that goes round in circles before a pattern that stays, for `count` pictures or without end."""
    rows, columns = np.mgrid[:height, :width]
    pattern = np.asarray(90 + 60 * ((rows // 40 + columns // 50) % 2), dtype=np.uint8)
    number = 0
    while count is None or number < count:
        picture = np.repeat(pattern[:, :, None], 3, axis=2)
        angle = number / 15
        centre = (round(width * (0.5 + 0.3 * np.cos(angle))), round(height * (0.55 + 0.25 * np.sin(angle))))
        cv2.circle(picture, centre, height // 10, (40, 200, 250), -1)
        yield picture
        number += 1
