"""Motion of the camera from one frame to the next, as an affine matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from detectors.base import Floats, Frame
from detectors.errors import InputError
from tracker.mot_rows import read_rows

COLUMNS = "frame,a,b,x,c,d,y: the matrix [[a, b, x], [c, d, y]] that maps the frame before to this one"
STILL = 1e-9  # deviation from the identity up to which the camera stood still
IDENTITY = np.eye(2, 3)


class CameraMotion(Protocol):
    """Tells how the camera has moved since the frame before."""

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The affine matrix ``(2, 3)`` that maps points of the last frame to this one; None if the camera stood still.

        boxes: ``(N, 4)`` xyxy of the objects in the frame, which move by themselves. Call it once a frame, in order.
        """
        ...


class RecordedCameraMotion:
    """Camera motion from a text file with a row for each frame: ``frame,a,b,x,c,d,y``, frames from 1.

    Frames that the file leaves out stood still. Raises InputError, naming file and line, for rows of another length,
    values that are no finite numbers, frames that are no whole numbers or come twice, and matrices that flatten or
    mirror the picture.
    """

    def __init__(self, path: str | Path) -> None:
        rows = read_rows(Path(path), f"give a text file of rows {COLUMNS}")
        values = rows.values
        if len(values) and values.shape[1] != 7:
            raise InputError(path, f"its rows have {values.shape[1]} columns, not 7", f"rows are {COLUMNS}")
        if not len(values):
            raise InputError(path, "has no rows", f"rows are {COLUMNS}")
        frames, self._matrices = values[:, 0], values[:, 1:].reshape(-1, 2, 3)
        rows.reject((frames % 1 != 0) | (frames < 1), "frame {0:.15g} is not a number from 1 on", "frames count from 1")
        again = np.ones(len(frames), dtype=bool)
        again[np.unique(frames, return_index=True)[1]] = False
        rows.reject(again, "frame {0:.15g} is there already", "a frame has one matrix: remove one of them")
        flat = np.linalg.det(self._matrices[:, :, :2]) <= 0
        rows.reject(flat, "the matrix flattens or mirrors the picture", f"rows are {COLUMNS}")
        self.last_frame = int(frames.max())
        self._rows = {int(frame): at for at, frame in enumerate(frames)}

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """What the file says of this frame."""
        at = self._rows.get(frame.index)
        if at is None or np.abs(self._matrices[at] - IDENTITY).max() <= STILL:
            return None
        return np.asarray(self._matrices[at])
