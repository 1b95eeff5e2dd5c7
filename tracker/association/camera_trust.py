"""Whether the camera's motion fits what is seen: it may have been told of another video, or estimated wrongly."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.association.camera_tremor import CameraTremor
from tracker.motion.camera_motion import move_boxes

DECAY = 0.95  # of the evidence in a frame that adds to it; its memory is 20 such frames
DOUBT = -1.5  # evidence, in frames times overlap, below which the motion is left out


class CameraTrust:
    """Compares where steady tracks would be with the camera's motion and without it with where objects are found.

    One frame says little: tracks that move with the camera are found better without it. Over many frames the motion
    told has to make predictions better, or at least not worse. tremor: saves up motion that is too small.
    """

    def __init__(self) -> None:
        self.tremor = CameraTremor()
        self._evidence = 0.0

    def accept(self, camera: Floats | None, predicted: Floats, found: Floats) -> Floats | None:
        """The camera's motion ``(2, 3)``, None where it is in doubt.

        predicted: xyxy boxes ``(N, 4)`` of steady tracks by their own motion. found: ``(M, 4)`` of sure detections.
        """
        if camera is None or not len(predicted) or not len(found):
            return camera
        still, moved = (iou_matrix(boxes, found).max(axis=1) for boxes in (predicted, move_boxes(predicted, camera)))
        self._evidence = DECAY * self._evidence + float(np.mean(moved - still))
        return None if self._evidence < DOUBT else camera
