"""Whether anything new moves in the picture, beside what is known already."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Floats, Frame
from tracker.association.cues import grow
from tracker.motion.camera_estimate import Look, View, look_at

VISIBLE = 8.0  # grey levels by which a patch changes if something enters it; noise and compression change it by half
PATCH = 4  # pixels each way of the small picture that are one patch
AROUND = 0.2  # of its side by which a box is larger: shadows, and limbs that stick out


class Novelty:
    """Compares pictures with that of the last detection. look: as for `Carrier`."""

    def __init__(self, look: Look = look_at) -> None:
        self._look = look
        self._then: View | None = None

    def begin(self, frame: Frame) -> None:
        """Compare with this frame from now on."""
        self._then = self._look(frame, np.empty((0, 4)))

    def __call__(self, frame: Frame, boxes: Floats) -> bool:
        """Whether anything outside the xyxy boxes ``(N, 4)`` looks different; True where there is no telling.

        With a camera that moves, everything does.
        """
        then, now = self._then, self._look(frame, grow(boxes, AROUND))
        if then is None or now is None or then.grey.shape != now.grey.shape:
            return True
        change = cv2.absdiff(now.grey, then.grey)
        change[now.hidden] = 0
        patches = cv2.resize(change, None, fx=1 / PATCH, fy=1 / PATCH, interpolation=cv2.INTER_AREA)
        return float(patches.max()) > VISIBLE
