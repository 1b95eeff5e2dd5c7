"""RF-DETR, LW-DETR, and DETRs exported from the package transformers: boxes as shares, and logits, as two outputs.

``dets (1, N, 4)`` and ``labels (1, N, C)`` are RF-DETR's and LW-DETR's: cx, cy, w, h and logits of independent classes
(sigmoid). Of 91, the index is COCO's category; with one column more than classes, the last is the background (RF-DETR's
documentation of its exports); of a segmentation model also ``masks (1, N, h, w)``, logits of the picture's pixels for
each query, or their sigmoid. ``pred_boxes`` and ``logits`` are those of transformers: RT-DETR, D-FINE, and the first
DETR, whose last column of a softmax stands for no object (Carion et al., 2020, section 3).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.boxes import cxcywh_to_xyxy
from detectors.families.base import Answer, Array, Candidates, Family, best_classes
from detectors.families.evidence import are_shares, probabilities
from detectors.families.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

NAMES = (("dets", "labels"), ("pred_boxes", "logits"))


def _pair(answer: Answer) -> tuple[Array, Array] | None:
    """Boxes and logits, by their names first: with four classes, both have the same shape."""
    named = next((pair for pair in NAMES if set(pair) <= set(answer.outputs)), None)
    boxes, logits = [answer.outputs[name] for name in named] if named else (answer.arrays * 2)[:2]
    if boxes.ndim != 3 or logits.ndim != 3 or boxes.shape[2] != 4 or boxes.shape[1] != logits.shape[1]:
        return None
    if not named and (len(answer.outputs) != 2 or not (answer.family or are_shares(boxes[0]))):
        return None
    return boxes[0].astype(np.float64), logits[0].astype(np.float64)


def recognises(answer: Answer) -> bool:
    """A box in shares for each query, and its logits."""
    return _pair(answer) is not None


def has_no_object(logits: Array) -> bool:
    """Is the last column the highest of most queries? Then the columns share one probability."""
    return bool(len(logits) and logits.shape[1] > 1 and np.mean(logits.argmax(axis=1) == logits.shape[1] - 1) > 0.5)


def _scores(logits: Array, classes: int) -> Array:
    if has_no_object(logits) and logits[:, -1].mean() > 0:
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))[:, :-1]
    scores = probabilities(logits)
    return scores[:, :classes] if classes and scores.shape[1] == classes + 1 else scores


def decode(answer: Answer, conf: float) -> Candidates:
    """The queries whose best class scores at least `conf`."""
    pair = _pair(answer)
    assert pair is not None
    boxes = cxcywh_to_xyxy(pair[0] * answer.size)
    strong, found = best_classes(boxes, _scores(pair[1], answer.classes), conf)
    maps = _maps(answer, len(boxes))
    if maps is None:
        return found
    return replace(found, coefficients=np.eye(len(strong)), prototypes=maps[strong])


def _maps(answer: Answer, queries: int) -> Array | None:
    """Logits ``(N, h, w)`` of each query's mask, None where there are none."""
    maps = next((each for each in answer.arrays if each.ndim == 4 and each.shape[1] == queries), None)
    if maps is None:
        return None
    shares = maps.size and maps.min() >= 0 and 0.5 < maps.max() <= 1
    return np.asarray(maps[0] - 0.5 if shares else maps[0])


def class_count(answer: Answer) -> int:
    """The columns of the logits without one that stands for no object."""
    pair = _pair(answer)
    assert pair is not None
    return int(_scores(pair[1], answer.classes).shape[1])


def preprocessing(answer: Answer) -> Preprocessing:
    """Stretched RGB; transformers' RT-DETR and D-FINE take shares of 255, all others ImageNet's mean and deviation."""
    pair = _pair(answer)
    assert pair is not None
    if "pred_boxes" in answer.outputs and not has_no_object(pair[1]):
        return Preprocessing("stretch")
    return Preprocessing("stretch", mean=IMAGENET_MEAN, std=IMAGENET_STD)


FAMILY = Family(
    "rf-detr", "RF-DETR, LW-DETR or another DETR", recognises, decode, preprocessing, class_count, background=True
)
