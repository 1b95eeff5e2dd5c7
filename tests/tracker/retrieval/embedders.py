"""Embedders for tests, which tell things apart by their colour."""

from __future__ import annotations

import numpy as np

from detectors import Frame
from detectors.base import Floats


class MeanColour:
    """The mean colour of the middle of a box, as a unit vector of three numbers."""

    name = "mean colour"
    class_names: frozenset[str] | None = None

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        found = np.zeros((len(boxes), 3))
        for row, (x1, y1, x2, y2) in enumerate(boxes.round().astype(int).tolist()):
            part = frame.image[max(y1, 0) : y2, max(x1, 0) : x2]
            high, wide = part.shape[:2]
            middle = part[high // 3 : high - high // 3, wide // 3 : wide - wide // 3]
            if middle.size:
                colour = middle.reshape(-1, 3).mean(axis=0) - 110.0
                found[row] = colour / max(float(np.linalg.norm(colour)), 1e-9)
        return found


class OtherColour(MeanColour):
    """Another model of the same name."""

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        return -super().__call__(frame, boxes)
