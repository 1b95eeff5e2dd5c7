"""Appearance and camera motion out of the pictures themselves, for a tracker that is given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.base import Detections, Floats, Frame, Image, Ints
from detectors.conversion import CLASS_NAME
from tracker.association.lazy_embeddings import EmbedRows

if TYPE_CHECKING:  # loaded with the first picture: they need OpenCV and ONNX Runtime
    from tracker.appearance.embedder import Embedder
    from tracker.motion.camera_motion import CameraMotion


class PictureCues:
    """What the pictures of successive frames tell beside the detections.

    A pickle has none of it: the models are loaded again, and the camera's motion is told from the second picture on.
    """

    def __init__(self) -> None:
        self._embedder: Embedder | None = None
        self._camera: CameraMotion | None = None
        self._count = 0

    def __getstate__(self) -> dict[str, Any]:
        return {"_embedder": None, "_camera": None, "_count": self._count}

    def frame_of(self, picture: Image | Frame, time: float) -> Frame:
        """The picture as the next frame. Raises ValueError for one that is not ``(H, W, 3)`` uint8."""
        self._count += 1
        if isinstance(picture, Frame):
            return picture
        image = np.asarray(picture)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"frame has the shape {image.shape} and the type {image.dtype}, not (H, W, 3) uint8 BGR")
        return Frame(image, self._count, time)

    def camera_motion(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The affine matrix ``(2, 3)`` from the frame before, None where the camera stands still."""
        if self._camera is None:
            from tracker.motion.camera_estimate import EstimatedCameraMotion

            self._camera = EstimatedCameraMotion()
        return self._camera(frame, boxes)

    def embed(self, frame: Frame, detections: Detections) -> EmbedRows:
        """What computes embeddings of the detections' rows; none for those whose names are of other kinds."""
        if self._embedder is None:
            from tracker.appearance.embedder import load_embedder

            self._embedder = load_embedder()
            assert self._embedder is not None
        embedder, known = self._embedder, self._embedder.class_names
        names = detections.columns.get(CLASS_NAME, [None] * len(detections))
        describable = np.array([known is None or name is None or name in known for name in names], dtype=bool)

        def compute(rows: Ints) -> Floats:
            chosen = describable[rows]
            found = embedder(frame, detections.boxes[rows[chosen]])
            vectors = np.zeros((len(rows), found.shape[1]))
            vectors[chosen] = found
            return vectors

        return compute
