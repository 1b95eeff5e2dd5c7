"""Boxes as they would be if the camera had stood still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Floats, Ints
from detectors.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh

LARGEST_ZOOM = 1e4
FARTHEST = 1e7  # pixels


class Stabiliser:
    """Maps boxes between the picture they are in and one common picture, the first.

    cameras: for each frame the affine matrix ``(2, 3)`` from the frame before, or None. Centres are mapped, sizes
    scaled, as in `KalmanFilter.warp`. Where the motions add up to more than a picture can be followed through, the
    frame at hand takes the place of the first.
    """

    def __init__(self, cameras: Sequence[Floats | None]) -> None:
        moves = np.array([camera is not None for camera in cameras], dtype=bool)
        self._at = np.cumsum(moves, dtype=np.int32)  # while a camera stands still, one matrix does for all frames
        path = np.empty((int(moves.sum()) + 1, 3, 3))
        path[0] = now = np.eye(3)
        for row, camera in enumerate((camera for camera in cameras if camera is not None), start=1):
            moved = np.concatenate([camera, [[0.0, 0.0, 1.0]]]) @ now
            path[row] = now = moved if _is_usable(moved) else np.eye(3)
        self._out_of_first = path
        self._into_first: Floats = np.asarray(np.linalg.inv(path), dtype=np.float64)

    def into_first(self, frames: Ints, boxes: Floats) -> Floats:
        """xyxy boxes ``(K, 4)`` in the pictures `frames` ``(K,)`` -> xyxy in the first picture."""
        return _map(self._into_first[self._at[frames]], boxes)

    def out_of_first(self, frames: Ints, boxes: Floats) -> Floats:
        """The other way round."""
        return _map(self._out_of_first[self._at[frames]], boxes)


def _is_usable(motion: Floats) -> bool:
    """Whether boxes that a matrix ``(3, 3)`` maps can be mapped back to a fraction of a pixel."""
    if not np.isfinite(motion).all() or np.abs(motion[:2, 2]).max() > FARTHEST:
        return False
    least, most = np.linalg.svd(motion[:2, :2], compute_uv=False)[[1, 0]]
    return bool(least > 1 / LARGEST_ZOOM and most < LARGEST_ZOOM)


def _map(matrices: Floats, boxes: Floats) -> Floats:
    state = xyxy_to_cxcywh(boxes)
    centre = np.einsum("kij,kj->ki", matrices[:, :2, :2], state[:, :2]) + matrices[:, :2, 2]
    scale = np.sqrt(np.abs(np.linalg.det(matrices[:, :2, :2])))
    return cxcywh_to_xyxy(np.concatenate([centre, state[:, 2:] * scale[:, None]], axis=1))
