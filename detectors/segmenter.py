"""Semantic segmentation: the class of each pixel of a picture, of any size, in one pass.

The network was exported by ``python -m training segmenter``: an FCN (Long et al., "Fully convolutional networks for
semantic segmentation", 2015) on ONNX Runtime, without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Image
from detectors.errors import InputError
from detectors.metadata import input_size, listed_names
from detectors.runtime import answer, device_note, open_session
from detectors.sliding import fit

KIND = "keeptrack segmenter"
BACKGROUND = 0
Classes = npt.NDArray[np.uint8]
"""The class of each pixel: 0 for the background, then 1 + the class id."""


class Segmenter:
    """A network from ``python -m training segmenter`` on whole pictures.

    path: the model. imgsz: longer side in pixels that pictures are scaled to, None for what it was trained at. device,
    threads: see `open_session`. class_names: by class id, the background not among them. notes: what the user should
    know. Raises InputError when the file is missing, damaged, or another network.
    """

    def __init__(self, path: str | Path, imgsz: int | None = None, device: str = "auto", threads: int = 0) -> None:
        self._session = open_session(path, device, threads)
        metadata = self._session.get_modelmeta().custom_metadata_map
        if metadata.get("kind") != KIND:
            raise InputError(path, "is no segmenter", "make one with python -m training segmenter")
        try:
            self.class_names: Mapping[int, str] = listed_names(metadata, "class_names")
            self._long_side = imgsz or input_size(metadata, "long_side", 512)
        except ValueError as error:
            raise InputError(path, f"is no model that can be used: {error}", "export it again") from None
        self._path, self.notes = path, device_note(self._session, device)

    def __call__(self, picture: Image) -> Classes:
        """The class of each pixel ``(H, W)`` of a picture ``(H, W, 3)`` BGR."""
        canvas, scale = fit(picture, self._long_side)
        logits = answer(self._session, {"picture": canvas[None]}, self._path)[0]
        return enlarge(logits, scale, *picture.shape[:2])


def enlarge(logits: Floats, scale: float, height: int, width: int) -> Classes:
    """The classes ``(height, width)`` of a picture, out of logits ``(C, h, w)`` of one that was scaled and padded.

    What lies between is interpolated, so that edges stay smooth; only of those classes that win somewhere.
    """
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    seen = logits[:, :rows, :columns]
    winners = np.unique(seen.argmax(axis=0)).tolist()
    if len(winners) == 1:
        return np.full((height, width), winners[0], np.uint8)
    larger = [cv2.resize(seen[each], (width, height), interpolation=cv2.INTER_LINEAR) for each in winners]
    classes, best = np.full((height, width), winners[0], np.uint8), np.asarray(larger[0])
    for each, other in zip(winners[1:], larger[1:], strict=True):
        better = np.asarray(other) > best
        classes[better] = each
        best = np.where(better, other, best)
    return classes
