"""The scene below a map: grey and dark, so that colours on it are those of the map."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Image

BRIGHTNESS = 0.5


def muted(picture: Image, brightness: float) -> Image:
    """The picture ``(H, W, 3)`` BGR in grey, with a share of its brightness."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(grey, alpha=brightness), cv2.COLOR_GRAY2BGR), np.uint8)
