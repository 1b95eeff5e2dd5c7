"""Camera motion too small to matter is saved up until it does: a camera that stands still only seems to tremble."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from tracker.motion.camera_motion import move_boxes

TREMOR = 0.02  # of the smaller side of a box: less than detected boxes tremble by themselves


class CameraTremor:
    """Composes the motions of successive frames.

    What is told of a camera that stands still goes to and fro, and never adds up; a slow pan is followed in steps.
    """

    def __init__(self) -> None:
        self._saved: Floats | None = None

    def beyond(self, camera: Floats | None, boxes: Floats) -> Floats | None:
        """The motion ``(2, 3)`` since that returned last; None where it moves most boxes by less than `TREMOR`.

        camera: since the frame before. boxes: xyxy ``(N, 4)`` of the tracks.
        """
        if camera is None:
            return None
        if self._saved is not None:
            linear = camera[:, :2]
            camera = np.column_stack([linear @ self._saved[:, :2], linear @ self._saved[:, 2] + camera[:, 2]])
        moved = np.abs(move_boxes(boxes, camera) - boxes).max(axis=1, initial=0.0)
        sides = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        small = len(boxes) > 0 and 2 * np.count_nonzero(moved < TREMOR * sides) > len(boxes)
        self._saved = camera if small else None
        return None if small else camera
