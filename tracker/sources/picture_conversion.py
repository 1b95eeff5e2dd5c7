"""Pictures as a decoder gives them -> BGR, upright, all of one size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from detectors.base import Image

UNSPECIFIED = 2  # of AVColorSpace; FFmpeg then takes BT.601, whatever the size
MATRICES = (0, 1, UNSPECIFIED, 4, 5, 6, 7, 9)  # of AVColorSpace, those that FFmpeg can convert
NEAREST = {10: 9}  # BT.2020 with constant luminance, which it cannot, differs little from that without


class PictureConverter:
    """Converts pictures like `first`, and scales those of another size to its size.

    width, height: pixels of what comes out. turned: whether it was turned by a quarter.
    """

    def __init__(self, first: av.VideoFrame) -> None:
        self._stored = (first.width, first.height)
        self._matrix = _display_matrix(first)
        self._reformatter = VideoReformatter()
        self.turned = abs(self._matrix[0, 1]) > abs(self._matrix[0, 0])
        self.width, self.height = self._stored[::-1] if self.turned else self._stored

    def takes(self, picture: av.VideoFrame) -> bool:
        """Whether a picture has the size of the first one, so that it is not scaled."""
        return self._stored == (picture.width, picture.height)

    def __call__(self, picture: av.VideoFrame) -> Image:
        """``(H, W, 3)`` BGR. Colours as the picture's tags say; without tags, BT.601 in the limited range."""
        if picture.colorspace not in MATRICES:
            picture.colorspace = NEAREST.get(picture.colorspace, UNSPECIFIED)
        width, height = self._stored
        converted = self._reformatter.reformat(picture, width, height, "bgr24", interpolation=Interpolation.BICUBIC)
        image = np.ascontiguousarray(converted.to_ndarray(), dtype=np.uint8)
        return self._upright(image)

    def _upright(self, image: Image) -> Image:
        """The stored point (x, y) is shown at (a x + c y, b x + d y), where the matrix begins with a, b and c, d."""
        row = 1 if self.turned else 0
        (left, down) = self._matrix[row, 0], self._matrix[1 - row, 1]
        if self.turned:
            image = np.asarray(cv2.transpose(image), dtype=np.uint8)
        flip = {(True, False): 1, (False, True): 0, (True, True): -1}.get((bool(left < 0), bool(down < 0)))
        return image if flip is None else np.asarray(cv2.flip(image, flip), dtype=np.uint8)


def _display_matrix(picture: av.VideoFrame) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """The matrix ``(3, 3)`` by which a picture is to be turned and mirrored (ISO 14496-12, 8.3.2), by default none."""
    side_data: Mapping[str, Any] = picture.side_data
    data = side_data.get("DISPLAYMATRIX")
    return np.eye(3, dtype=np.int32) if data is None else np.frombuffer(bytes(data), np.int32, 9).reshape(3, 3)
