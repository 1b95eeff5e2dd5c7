"""RTMDet: MMDeploy's ``dets (1, N, 5)`` and ``labels (1, N)``, or the head's six maps.

``dets`` are x1, y1, x2, y2 in pixels of the input and the score, after non-maximum suppression: the signature of
whatever MMDeploy exports. The maps are, for the strides 8, 16 and 32, logits ``(1, C, H, W)`` and distances ``(1, 4,
H, W)`` in pixels from the cells' corners to the four sides (Lyu et al., 2022, section 3; MMDetection's head). Pictures
go in as BGR by ImageNet's mean and deviation, at the top left of a grey square.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.cells import corners, sides
from detectors.families.distances import around
from detectors.families.evidence import probabilities
from detectors.families.nanodet import BGR_IMAGENET
from detectors.families.preprocessing import Preprocessing

STRIDES = (8, 16, 32)


def recognises(answer: Answer) -> bool:
    """Rows of five, and as many whole numbers."""
    rows = [shape for shape in answer.shapes if len(shape) == 3 and shape[2] == 5]
    labels = [array.dtype for array in answer.arrays if rows and array.shape == rows[0][:2]]
    return bool(labels) and np.issubdtype(labels[0], np.integer)


def decode(answer: Answer, conf: float) -> Candidates:
    """The rows at or above `conf`."""
    rows = next(array for array in answer.arrays if array.ndim == 3 and array.shape[2] == 5)
    labels = next(array for array in answer.arrays if array.shape == rows.shape[:2])[0]
    strong = rows[0, :, 4] >= conf
    return Candidates.of(rows[0, strong, :4], rows[0, strong, 4], labels[strong])


def _maps(answer: Answer) -> tuple[list[Array], list[Array]] | None:
    """Logits and distances for each stride, the finest first; None where they are not these."""
    wanted = [sides(answer.height, answer.width, stride, up=True) for stride in STRIDES]
    if len(answer.outputs) != 6 or [shape[2:] for shape in answer.shapes] != wanted * 2:
        return None
    logits, reaches = answer.arrays[:3], answer.arrays[3:]
    return (logits, reaches) if all(array.shape[1] == 4 for array in reaches) else None


def decode_maps(answer: Answer, conf: float) -> Candidates:
    """The cells whose best class scores at least `conf`."""
    maps = _maps(answer)
    assert maps is not None
    logits, reaches = (np.concatenate([_rows(each) for each in part]) for part in maps)
    strong, found = best_classes(reaches, probabilities(logits), conf)
    points, _ = corners(answer.height, answer.width, STRIDES)
    boxes = around(points[strong], reaches[strong].astype(np.float64))
    return Candidates(boxes, found.scores, found.class_ids)


def _rows(part: Array) -> Array:
    """``(1, C, H, W)`` -> ``(H * W, C)``."""
    return np.asarray(part[0].reshape(part.shape[1], -1).T)


def preprocessing(_: Answer) -> Preprocessing:
    """As MMDetection pads: at the right and the bottom."""
    return replace(BGR_IMAGENET, fit="corner")


RTMDET = Family("rtmdet", "RTMDet or another model by MMDeploy", recognises, decode, preprocessing, suppressed=True)
RTMDET_MAPS = Family(
    "rtmdet-maps",
    "RTMDet's maps",
    recognises=lambda answer: _maps(answer) is not None,
    decode=decode_maps,
    preprocessing=preprocessing,
    class_count=lambda answer: answer.shapes[0][1],
)
