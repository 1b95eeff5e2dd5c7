"""Mean IoU of a segmentation, as Long et al. (2015), section 5, count it: over the pixels of all pictures together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detectors.base import Floats, Image, Ints
from training.data.segmentation import Classes, SegmentedImage, read_picture
from training.losses.masks import IGNORED

BACKGROUND = "background"


def confusion(found: Classes, truth: Classes, classes: int) -> Ints:
    """How many pixels ``(C, C)`` of each true class, by row, were called what; those that nobody knows left out."""
    known = truth != IGNORED
    pairs = truth[known].astype(np.int64) * classes + found[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def ious(matrix: Ints) -> Floats:
    """IoU ``(C,)`` of each class; NaN for one that is neither there nor found."""
    right = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - right
    return np.where(union > 0, right / np.maximum(union, 1), np.nan)


def evaluate(
    segment: Callable[[Image], Classes], images: Sequence[SegmentedImage], class_names: Sequence[str]
) -> dict[str, float]:
    """IoU by class name, the background first; "mean" is that of the classes that the pictures show."""
    names = (BACKGROUND, *class_names)
    matrix = np.zeros((len(names), len(names)), np.int64)
    for image in images:
        picture = read_picture(image.path, (image.height, image.width))
        matrix += confusion(segment(picture), image.classes(), len(names))
    shown = matrix.sum(axis=1) > 0
    found = {name: float(iou) for name, iou, there in zip(names, ious(matrix), shown, strict=True) if there}
    return found | {"mean": float(np.mean(list(found.values()))) if found else 0.0}
