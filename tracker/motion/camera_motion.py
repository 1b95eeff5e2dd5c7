"""Motion of the camera from one frame to the next, as an affine matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from detectors import limits
from detectors.base import Floats, Frame
from detectors.errors import InputError
from tracker.mot_rows import MotRows, read_rows

if TYPE_CHECKING:
    from tracker.motion.downscaling import Downscaler

COLUMNS = "frame,a,b,x,c,d,y"
REMEDY = f"rows are {COLUMNS}: the matrix [[a, b, x], [c, d, y]] that maps the frame before to this one"
STILL = 1e-9  # deviation from the identity up to which the camera stood still
IDENTITY = np.eye(2, 3)
MIN_AREA_SCALE, MAX_AREA_SCALE = 1e-6, 1e6  # a matrix that scales areas beyond them is no camera's motion
MAX_SCALE = 1e3  # of a side
MAX_SHIFT = 1e9  # pixels


class CameraMotion(Protocol):
    """Tells how the camera has moved since the frame before."""

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The affine matrix ``(2, 3)`` that maps points of the last frame to this one; None if the camera stood still.

        boxes: ``(N, 4)`` xyxy of the objects in the frame, which move by themselves. Call it once a frame, in order.
        """
        ...


class RecordedCameraMotion:
    """Camera motion from a text file with a row for each frame: ``frame,a,b,x,c,d,y``, frames from 1.

    Frames that the file leaves out stood still. last_frame: the last one in the file.

    Raises InputError, naming file and line, for rows of another length, values that are no finite numbers, frames that
    are no whole numbers or come twice, and matrices that flatten or mirror the picture or are beyond all reason.
    """

    def __init__(self, path: str | Path) -> None:
        rows = read_rows(Path(path), f"give a text file of rows {COLUMNS}", COLUMNS)
        if not len(rows.values):
            raise InputError(path, "has no rows", REMEDY)
        width = rows.values.shape[1]
        rows.reject([width != 7], f"the row has {width} columns, expected 7 ({COLUMNS})", REMEDY)
        self._file, self._matrices = rows, rows.values[:, 1:].reshape(-1, 2, 3)
        _check_frames(rows)
        _check_matrices(rows, self._matrices)
        frames = rows.values[:, 0].astype(np.int64)
        self.last_frame = int(frames.max())
        self._rows = {int(frame): at for at, frame in enumerate(frames)}

    def __call__(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The matrix of this frame."""
        at = self._rows.get(frame.index)
        if at is None or np.abs(self._matrices[at] - IDENTITY).max() <= STILL:
            return None
        return np.asarray(self._matrices[at])

    def check_length(self, frames: int, source: object) -> None:
        """Raise InputError, naming file and line, if the file has a frame beyond the source's last one."""
        beyond = self._file.values[:, 0] > frames
        self._file.reject(
            beyond, f"frame {{0:.15g}} is beyond the end of {source}, {frames}", "check that they belong together"
        )


def _check_frames(rows: MotRows) -> None:
    frames = rows.values[:, 0]
    rows.reject((frames % 1 != 0) | (frames < 1), "frame {0:.15g} is not a number from 1 on", "frames count from 1")
    rows.reject(frames > limits.LAST_FRAME, "frame {0:.15g} is too large", "frames count from 1")
    again = np.ones(len(frames), dtype=bool)
    again[np.unique(frames, return_index=True)[1]] = False
    rows.reject(again, "frame {0:.15g} is there already", "a frame has one matrix: remove one of them")


def _check_matrices(rows: MotRows, matrices: Floats) -> None:
    rows.reject((np.abs(matrices) > MAX_SHIFT).any(axis=(1, 2)), "the matrix moves the picture too far", REMEDY)
    area = np.linalg.det(matrices[:, :, :2])
    rows.reject(area < MIN_AREA_SCALE, "the matrix flattens or mirrors the picture", REMEDY)
    large = (area > MAX_AREA_SCALE) | (np.abs(matrices[:, :, :2]) > MAX_SCALE).any(axis=(1, 2))
    rows.reject(large, "the matrix blows the picture up beyond reason", REMEDY)


def load_camera_motion(
    wanted: str | Path, has_images: bool, downscale: Downscaler | None = None
) -> CameraMotion | None:
    """The camera motion of an option: "auto" estimates it where there are pictures, "none" leaves it out.

    Anything else is the path of a file for `RecordedCameraMotion`. downscale: as for `EstimatedCameraMotion`. Raises
    InputError.
    """
    if str(wanted) == "none" or (str(wanted) == "auto" and not has_images):
        return None
    if str(wanted) == "auto":
        from tracker.motion.camera_estimate import EstimatedCameraMotion

        return EstimatedCameraMotion() if downscale is None else EstimatedCameraMotion(downscale)
    return RecordedCameraMotion(wanted)


def as_motion(camera: Any) -> Floats | None:
    """The camera's motion as an array. Raises ValueError for what is no finite matrix ``(2, 3)``."""
    if camera is None:
        return None
    try:
        matrix = np.asarray(camera, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
        raise ValueError("camera is not a finite matrix of the shape (2, 3)")
    return matrix


def move_boxes(boxes: Floats, affine: Floats) -> Floats:
    """xyxy boxes ``(N, 4)`` moved by a camera's motion ``(2, 3)``: their centres are mapped, their sides scaled.

    A turn leaves the size as it is: the box around a turned box would grow with every frame of a camera that rolls,
    and people stay upright.
    """
    linear, offset = affine[:, :2], affine[:, 2]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + offset
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * np.sqrt(abs(np.linalg.det(linear)))
    return np.concatenate([centre - half, centre + half], axis=1)
