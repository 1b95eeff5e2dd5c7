"""How well masks out of boxes fit: IoU of each object's mask, on boxes that people have drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detectors.base import Bools, Floats, Image, Ints
from detectors.masks import box_crops
from training.data.segmentation import SegmentedImage, read_picture

MaskBoxes = Callable[[Image, Floats], Sequence[Bools]]
"""A picture ``(H, W, 3)`` and boxes ``(N, 4)`` -> the mask of each on the pixels of `box_crops`."""


def mask_ious(mask_boxes: MaskBoxes, image: SegmentedImage, picture: Image, boxes: Floats | None = None) -> Floats:
    """The IoU ``(N,)`` of each object's mask with what is found in its box. boxes: other ones than the labelled."""
    boxes = image.boxes if boxes is None else boxes
    crops = box_crops(boxes, image.height, image.width)
    found = mask_boxes(picture, boxes)
    return np.array([mask_iou(mask, crops[row], image.silhouette(row)) for row, mask in enumerate(found)])


def mask_iou(mask: Bools, crop: Ints, silhouette: Bools) -> float:
    """IoU of a mask on the pixels of a crop ``(4,)`` xyxy with a silhouette ``(H, W)`` of the whole picture."""
    left, top, right, bottom = crop.tolist()
    common = int((mask & silhouette[top:bottom, left:right]).sum())
    union = int(mask.sum()) + int(silhouette.sum()) - common
    return common / union if union else 1.0


def judge(mask_boxes: MaskBoxes, images: Sequence[SegmentedImage]) -> Floats:
    """The IoU ``(N,)`` of every object in the pictures, crowds left out."""
    found = [
        mask_ious(mask_boxes, image, read_picture(image.path, (image.height, image.width)))[~image.crowd]
        for image in images
    ]
    return np.concatenate(found) if found else np.zeros(0)


def whole_boxes(picture: Image, boxes: Floats) -> list[Bools]:
    """The boxes themselves as masks: what any network must beat."""
    return [np.ones((y2 - y1, x2 - x1), bool) for x1, y1, x2, y2 in box_crops(boxes, *picture.shape[:2]).tolist()]
