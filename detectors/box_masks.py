"""Masks out of boxes: the silhouette of each object, whatever detector has drawn the boxes.

A small fully convolutional network (Long et al., "Fully convolutional networks for semantic segmentation", 2015) looks
at the crop around each box, made a square of fixed size, and says of each of its pixels whether it belongs to the
object in the middle. It knows no classes. Trained by ``python -m training box-masks``; NumPy, OpenCV and ONNX Runtime.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from detectors.base import Bools, Floats, Image, Ints
from detectors.errors import InputError
from detectors.masks import box_crops
from detectors.runtime import answer, open_session

KIND = "keeptrack box masks"
SIDE = 96  # pixels of the square that the network looks at
MARGIN = 0.125  # of the box, on each side of it: what is not the object, to tell it from
AT_ONCE = 16  # boxes: more of them gain no time
GREY = 114  # beyond the picture
THRESHOLD = 0.4
"""Of the probability that a pixel belongs to the object. Where masks fit by an F-score of F, F / 2 is best for it
(Lipton et al., "Optimal thresholding of classifiers to maximize F1 measure", 2014): an IoU of 0.7 is an F of 0.82."""
EMBEDDED = Path(__file__).parent / "weights" / "masks.onnx"
"""The network that comes with the package."""


class BoxMasks:
    """A network from ``python -m training box-masks``.

    path: the model. threads: how many compute one answer; 0 is one for each core. threshold: see `THRESHOLD`.

    Raises InputError when the file is missing, damaged, or another network.
    """

    def __init__(self, path: str | Path = EMBEDDED, threads: int = 1, threshold: float = THRESHOLD) -> None:
        self._session = open_session(path, "cpu", threads)
        if self._session.get_modelmeta().custom_metadata_map.get("kind") != KIND:
            raise InputError(path, "gives no masks of boxes", "make one with python -m training box-masks")
        self._path = path
        self._least = logit_of(threshold)

    def __call__(self, picture: Image, boxes: Floats) -> list[Bools]:
        """The mask of each box ``(N, 4)`` xyxy in a picture ``(H, W, 3)`` BGR, on the pixels of `box_crops`."""
        return [logits >= self._least for logits in self.logits(picture, boxes)]

    def logits(self, picture: Image, boxes: Floats, regions: Sequence[Floats] | None = None) -> list[Floats]:
        """The same before the threshold. regions: what the network sees for each box, if not `region_of` it."""
        crops, seen = box_crops(boxes, *picture.shape[:2]), regions or [region_of(box) for box in boxes]
        found: list[Floats] = [np.zeros((max(0, y2 - y1), max(0, x2 - x1))) for x1, y1, x2, y2 in crops.tolist()]
        real = [row for row, each in enumerate(found) if each.size]
        for start in range(0, len(real), AT_ONCE):
            rows = real[start : start + AT_ONCE]
            squares = np.stack([cut_square(picture, seen[row]) for row in rows])
            answers = answer(self._session, {"crops": squares}, self._path)
            for row, logits in zip(rows, answers, strict=True):
                found[row] = paste(logits, seen[row], crops[row])
        return found


def logit_of(probability: float) -> float:
    """The logit of a probability."""
    return math.log(probability / (1 - probability))


def region_of(box: Floats) -> Floats:
    """What the network sees of a box ``(4,)`` xyxy: ``(4,)``, it and a margin, which may reach over the border."""
    margin = MARGIN * np.maximum(box[2:] - box[:2], 1.0)
    return np.concatenate([box[:2] - margin, box[2:] + margin])


def cut_square(picture: Image, region: Floats) -> Image:
    """A region ``(4,)`` xyxy of a picture, stretched to ``(SIDE, SIDE, 3)``; grey beyond the border."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = round_region(region)
    inside = picture[max(0, y1) : min(height, y2), max(0, x1) : min(width, x2)]
    if inside.shape[:2] != (y2 - y1, x2 - x1):
        sides = max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width)
        inside = np.asarray(cv2.copyMakeBorder(inside, *sides, cv2.BORDER_CONSTANT, value=(GREY,) * 3), np.uint8)
    smaller = x2 - x1 > SIDE and y2 - y1 > SIDE
    square = cv2.resize(inside, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(square, dtype=np.uint8)


def round_region(region: Floats) -> tuple[int, int, int, int]:
    """A region as whole pixels: at least one."""
    x1, y1 = math.floor(region[0] + 0.5), math.floor(region[1] + 0.5)
    return x1, y1, max(x1 + 1, math.floor(region[2] + 0.5)), max(y1 + 1, math.floor(region[3] + 0.5))


def paste(logits: Floats, region: Floats, crop: Ints) -> Floats:
    """The network's answer ``(h, w)`` about a region, on the pixels of a crop ``(4,)`` xyxy of the picture."""
    x1, y1, x2, y2 = round_region(region)
    left, top, right, bottom = (int(side) for side in crop)
    across, down = (x2 - x1) / logits.shape[1], (y2 - y1) / logits.shape[0]
    # OpenCV counts from the middle of the first pixel: the inverse map, from pixels of the crop to cells
    matrix = np.array([[1 / across, 0, (left - x1 + 0.5) / across - 0.5], [0, 1 / down, (top - y1 + 0.5) / down - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pasted = cv2.warpAffine(logits, matrix, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(pasted)
