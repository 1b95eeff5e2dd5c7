"""Masks for boxes that nobody has drawn silhouettes for: what trained networks make of them.

A student that learns them together with people's, from crops that are varied more than its teachers' were, ends up
better than they are (Xie et al., "Self-training with noisy student improves ImageNet classification", 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectors.base import Floats, Image, Ints
from detectors.box_masks import BoxMasks, region_of
from detectors.boxes import areas
from detectors.masks import box_crops
from training.data.dataset import Dataset
from training.data.feed import PictureReader
from training.data.mask_crops import SURE, Instance, Shades, cut_instance

SCALES = (0.95, 1.05, 1.15, 1.3)  # of the boxes that a teacher is shown, mirrored too
SMALLEST = 24.0  # pixels, of a square as large as a box


def taught_instances(teachers: Sequence[Path], dataset: Dataset, known: Sequence[Path]) -> list[Instance]:
    """The objects of a data set of boxes, with the mean of what the teachers say of each; the small ones left out.

    known: pictures that have masks already. Raises InputError for a teacher that is none, and for damaged pictures.
    """
    networks, read, skipped = [BoxMasks(path) for path in teachers], PictureReader(limit=0), set(known)
    found = []
    for image in dataset.images:
        rows = np.flatnonzero(~image.difficult & (areas(image.boxes) >= SMALLEST**2))
        if image.path in skipped or not len(rows):
            continue
        picture, boxes = read(image), image.boxes[rows]
        for box, crop, mask in zip(boxes, *_mean_masks(networks, picture, boxes), strict=True):
            whole: Shades = np.zeros(picture.shape[:2], np.uint8)
            left, top, right, bottom = crop.tolist()
            whole[top:bottom, left:right] = mask
            found.append(cut_instance(picture, whole, box))
    return found


def _mean_masks(networks: Sequence[BoxMasks], picture: Image, boxes: Floats) -> tuple[Ints, list[Shades]]:
    """The pixels of each box, and how sure the networks are of them: over scales, and mirrored."""
    height, width = picture.shape[:2]
    crops = box_crops(boxes, height, width)
    mirrored = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
    turned = np.ascontiguousarray(picture[:, ::-1])
    sums = [np.zeros((crop[3] - crop[1], crop[2] - crop[0])) for crop in crops]
    for network in networks:
        for scale in SCALES:
            plain = network.logits(picture, boxes, [region_of(scaled(box, scale)) for box in boxes])
            other = network.logits(turned, mirrored, [region_of(scaled(box, scale)) for box in mirrored])
            for row, (one, two) in enumerate(zip(plain, other, strict=True)):
                sums[row] += one + two[:, ::-1]
    count = 2 * len(networks) * len(SCALES)
    return crops, [np.rint(SURE / (1 + np.exp(-each / count))).astype(np.uint8) for each in sums]


def scaled(box: Floats, scale: float) -> Floats:
    """A box ``(4,)`` around the same middle."""
    middle, half = (box[:2] + box[2:]) / 2, scale * (box[2:] - box[:2]) / 2
    return np.concatenate([middle - half, middle + half])
