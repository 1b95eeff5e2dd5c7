"""PaddleDetection's exports with post-processing: PicoDet, PP-YOLOE, RT-DETR.

Inputs ``image``, ``scale_factor (1, 2)``: what height and width were multiplied by, and for some ``im_shape``. The
first output has rows of six: class, score, x1, y1, x2, y2 in pixels of the frame (PaddleDetection,
deploy/EXPORT_MODEL.md). Pictures go in stretched, RGB, by ImageNet's mean and deviation; RT-DETR's in [0, 1], and
PP-YOLOE+'s too: ``--preprocess unit``.
"""

from __future__ import annotations

import numpy as np

from detectors.families.base import Answer, Candidates, Family
from detectors.families.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

SCALE, SHAPE = "scale_factor", "im_shape"


def recognises(answer: Answer) -> bool:
    """It was told the scale, and answers with rows of six."""
    return SCALE in answer.told and bool(answer.shapes) and len(answer.shapes[0]) == 2 and answer.shapes[0][1] == 6


def decode(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`; those without an object have the class -1."""
    rows = answer.arrays[0].astype(np.float64)
    rows = rows[(rows[:, 1] >= conf) & (rows[:, 0] >= 0)]
    scale = answer.told[SCALE][0, ::-1].astype(np.float64)
    return Candidates.of(rows[:, 2:] * np.tile(scale, 2), rows[:, 1], rows[:, 0])


def preprocessing(answer: Answer) -> Preprocessing:
    """RT-DETR is told the input's shape, too."""
    if SHAPE in answer.told:
        return Preprocessing("stretch")
    return Preprocessing("stretch", mean=IMAGENET_MEAN, std=IMAGENET_STD)


FAMILY = Family("paddle", "PicoDet, PP-YOLOE or RT-DETR by Paddle", recognises, decode, preprocessing, suppressed=True)
