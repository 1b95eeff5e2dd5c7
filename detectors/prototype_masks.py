"""Masks of segmentation models: prototypes of the whole picture, mixed for each object and cropped to its box.

As in YOLACT (Bolya et al., "YOLACT: Real-time instance segmentation", 2019, section 3), which the segmentation models
of the YOLO families follow. The mixture is enlarged to the frame's pixels before it is compared with 0, and only where
the box is.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Floats
from detectors.families.preprocessing import Placement
from detectors.masks import Mask, box_crops


class PrototypeMasks:
    """The prototypes ``(M, h, w)`` of one picture, and where its frame lies in them.

    placement: of the frame in the model's input. size: (height, width) of that. frame: (height, width) of the frame.
    """

    def __init__(
        self, prototypes: npt.NDArray[Any], placement: Placement, size: tuple[int, int], frame: tuple[int, int]
    ) -> None:
        self._prototypes, self._frame = prototypes.astype(np.float32), frame
        down, across = prototypes.shape[1] / size[0], prototypes.shape[2] / size[1]
        self._scale = np.array([placement.scale_x * across, placement.scale_y * down])
        self._margin = np.array([placement.left * across, placement.top * down])

    def __call__(self, boxes: Floats, coefficients: Floats) -> list[Mask]:
        """The masks of objects with boxes ``(N, 4)`` in pixels of the frame and coefficients ``(N, M)``."""
        rows = zip(boxes, box_crops(boxes, *self._frame).tolist(), coefficients.astype(np.float32), strict=True)
        return [self._mask(*row) for row in rows]

    def _mask(self, box: Floats, crop: list[int], weights: npt.NDArray[np.float32]) -> Mask:
        x1, y1, x2, y2 = crop
        if x2 <= x1 or y2 <= y1:
            return Mask(x1, y1, 0, 0, b"")
        first = self._cell(np.array([x1, y1]))
        last = self._cell(np.array([x2 - 1, y2 - 1]))
        (left, top), (right, bottom) = (
            np.clip(cell, 0, np.array(self._prototypes.shape[:0:-1]) - 1).astype(int).tolist()
            for cell in (np.floor(first), np.ceil(last))
        )
        window = self._prototypes[:, top : bottom + 1, left : right + 1]
        mixed = np.tensordot(weights, window, axes=1)
        (across, down), (x, y) = self._scale, first - [left, top]
        matrix = np.array([[across, 0, x], [0, down, y]])  # from pixels of the crop to cells of the window
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        enlarged = cv2.warpAffine(mixed, matrix, (x2 - x1, y2 - y1), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        pixels = enlarged > 0
        pixels[:, : ceil(box[0]) - x1] = pixels[: ceil(box[1]) - y1] = (
            False  # inside are corners, not middles of pixels
        )
        return Mask.pack(pixels, x1, y1)

    def _cell(self, pixel: npt.NDArray[np.int64]) -> Floats:
        """The cell, with its fraction, whose middle lies where the middle of a pixel ``(2,)`` of the frame does."""
        return np.asarray((pixel + 0.5) * self._scale + self._margin - 0.5)
