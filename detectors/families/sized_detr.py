"""RT-DETR, D-FINE and DEIM as their authors export them: told the picture's size, they answer in its pixels.

A second input ``orig_target_sizes (1, 2)``: width, height. Outputs ``labels (1, N)``, ``boxes (1, N, 4)`` xyxy, and
``scores (1, N)`` (tools/export_onnx.py of RT-DETR; tools/deployment of D-FINE and DEIM). Pictures go in as RGB in [0,
1], stretched, as in their evaluation. DEIMv2 on DINOv3 wants ImageNet's mean and deviation: ``--preprocess imagenet``.
"""

from __future__ import annotations

import numpy as np

from detectors.families.base import Answer, Candidates, Family
from detectors.families.columns import find_columns
from detectors.families.preprocessing import Preprocessing

SIZES = "orig_target_sizes"


def recognises(answer: Answer) -> bool:
    """It was told the picture's size, and answers with three columns."""
    return SIZES in answer.told and find_columns(answer) is not None


def decode(answer: Answer, conf: float) -> Candidates:
    """The queries at or above `conf`."""
    columns = find_columns(answer)
    assert columns is not None
    told = np.tile(answer.told[SIZES][0].astype(np.float64), 2)
    return columns.candidates(columns.boxes * (answer.size / told), conf)


FAMILY = Family(
    "d-fine", "RT-DETR, D-FINE or DEIM", recognises, decode, lambda _: Preprocessing("stretch"), suppressed=True
)
