"""The scene without those who pass through it: the mean of pictures taken now and then."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Frame, Image
from tracker.maps.sheet import Sheet

PERIOD = 1.0  # seconds of the source between two pictures
MEMORY = 120  # pictures that the mean reaches back, about, so that a camera's day does not become dusk


class Background:
    """The mean picture of a source, as large as the sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._mean: npt.NDArray[np.float32] | None = None
        self._count = 0
        self._due = -1e9

    def update(self, frame: Frame) -> None:
        """Take in a frame's picture, if it is time, before anything is drawn on it."""
        if not frame.image.size or frame.time < self._due:
            return
        self._due = frame.time + PERIOD
        size = self._sheet.width, self._sheet.height
        picture = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        self._count += 1
        if self._mean is None:
            self._mean = picture
        else:
            cv2.accumulateWeighted(picture, self._mean, 1 / min(self._count, MEMORY))

    @property
    def picture(self) -> Image:
        """The mean ``(H, W, 3)`` BGR; plain grey where the source has no pictures."""
        if self._mean is None:
            return np.full((self._sheet.height, self._sheet.width, 3), 96, np.uint8)
        return np.asarray(np.clip(self._mean, 0, 255), np.uint8)
