"""Whether anything in the picture has changed, outside of boxes that are known."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Floats, Frame
from detectors.boxes import expand
from tracker.motion.downscaling import Downscaler, SmallFrame, downscale

MIN_CHANGE = 8.0  # grey levels by which a patch changes if something enters it; noise and compression: half of that
PATCH = 4  # pixels each way of the small picture that make a patch
EXPANSION = 0.2  # share of its side by which a box is expanded, for shadows and limbs


class SceneChangeDetector:
    """Compares pictures with a reference. downscale: as for `Propagator`."""

    def __init__(self, downscale: Downscaler = downscale) -> None:
        self._downscale = downscale
        self._reference: SmallFrame | None = None

    def set_reference(self, frame: Frame) -> None:
        """Compare with this frame from now on."""
        self._reference = self._downscale(frame, np.empty((0, 4)))

    def __call__(self, frame: Frame, boxes: Floats) -> bool:
        """Whether anything outside the xyxy boxes ``(N, 4)`` has changed; True where that cannot be told.

        With a moving camera everything has.
        """
        reference, now = self._reference, self._downscale(frame, expand(boxes, EXPANSION))
        if reference is None or now is None or reference.grey.shape != now.grey.shape:
            return True
        change = cv2.absdiff(now.grey, reference.grey)
        change[now.object_mask] = 0
        patches = cv2.resize(change, None, fx=1 / PATCH, fy=1 / PATCH, interpolation=cv2.INTER_AREA)
        return float(patches.max()) > MIN_CHANGE
