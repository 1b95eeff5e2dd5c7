"""Detections as other libraries hold them, as our own. Nothing of theirs is imported.

- supervision's ``Detections``: ``xyxy``, ``confidence``, ``class_id``, ``mask``, ``data``
- ultralytics' and LibreYOLO's ``Results``, or their ``Boxes``: ``xyxy``, ``conf``, ``cls``
- arrays ``(N, 6)`` of x1, y1, x2, y2, score, class, as BoxMOT has them; or fewer columns
- dictionaries of ``boxes``, ``scores`` and ``labels``, as torchvision's models give
- tuples ``(boxes, scores)`` and ``(boxes, scores, class_ids)``

Scores are clipped to [0, 1]; where there are none, they are 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Detections
from detectors.columns import KEYPOINTS, MASKS
from detectors.masks import Mask, box_crops, masks_of

CLASS_NAME = "class_name"  # supervision's word, for a column of names
KINDS = "Detections, supervision's, ultralytics' results, an (N, 6) array, or (boxes, scores, class_ids)"


def as_detections(found: Any) -> Detections:
    """`found` as detections, row by row the same. Raises ValueError in one line for anything else, and for nonsense."""
    if isinstance(found, Detections):
        return found
    if isinstance(found, (list, tuple)) and len(found) == 1 and hasattr(found[0], "boxes"):
        found = found[0]  # one picture of a batch
    if isinstance(found, Mapping):
        return _mapping(found)
    if hasattr(found, "xyxy") and hasattr(found, "confidence"):
        return _supervision(found)
    if hasattr(found, "boxes"):
        return _results(found)
    if hasattr(found, "xyxy") and hasattr(found, "conf"):
        return _made(found.xyxy, found.conf, found.cls)
    if isinstance(found, tuple) and 2 <= len(found) <= 3:
        return _made(*found)
    return _rows(found)


def _supervision(found: Any) -> Detections:
    columns = dict(found.data or {})
    if found.mask is not None:
        columns[MASKS] = masks_of(found.mask, _array(found.xyxy, "xyxy"))
    return _made(found.xyxy, found.confidence, found.class_id, columns)


def _results(found: Any) -> Detections:
    if found.boxes is None:
        kind = "rotated boxes" if getattr(found, "obb", None) is not None else "no boxes"
        raise ValueError(f"the results have {kind}: a detection model is needed")
    columns: dict[str, Any] = {}
    if getattr(found, "keypoints", None) is not None:
        columns[KEYPOINTS] = _array(found.keypoints.data, KEYPOINTS)
    if getattr(found, "masks", None) is not None:
        columns[MASKS] = _of_results(found)
    detections = _made(found.boxes.xyxy, found.boxes.conf, found.boxes.cls, columns)
    names = getattr(found, "names", None)
    if not names:
        return detections
    named = dict(names if isinstance(names, Mapping) else enumerate(names))
    columns[CLASS_NAME] = [named.get(class_id, str(class_id)) for class_id in detections.class_ids.tolist()]
    return _made(found.boxes.xyxy, found.boxes.conf, found.boxes.cls, columns)


def _of_results(found: Any) -> list[Mask | None]:
    """The masks of results, which may be as small as the model's input: without the margins that it added, and scaled.

    ``masks.data`` is ``(N, h, w)``, ``orig_shape`` the frame's height and width.
    """
    data, boxes = _array(found.masks.data, MASKS) > 0.5, _array(found.boxes.xyxy, "boxes")
    height, width = (int(side) for side in getattr(found.masks, "orig_shape", data.shape[1:]))
    high, wide = data.shape[1:]
    scale = min(high / height, wide / width)
    top, left = (high - height * scale) / 2, (wide - width * scale) / 2
    rows = _sampled(height, scale, top, high)
    columns = _sampled(width, scale, left, wide)
    crops = box_crops(boxes, height, width).tolist()
    return [
        Mask.pack(each[rows[y1:y2]][:, columns[x1:x2]], x1, y1)
        for each, (x1, y1, x2, y2) in zip(data, crops, strict=True)
    ]


def _sampled(count: int, scale: float, margin: float, most: int) -> npt.NDArray[np.int64]:
    """Which row of a scaled picture shows the middle of each of `count` rows of a frame."""
    return np.clip(((np.arange(count) + 0.5) * scale + margin).astype(np.int64), 0, most - 1)


def _mapping(found: Mapping[str, Any]) -> Detections:
    if "boxes" not in found:
        raise ValueError(f"a dictionary without 'boxes' is no {KINDS}")
    return _made(found["boxes"], found.get("scores"), found.get("labels"))


def _rows(found: Any) -> Detections:
    if found is None or isinstance(found, (str, bytes)):
        raise ValueError(f"{type(found).__name__} is no {KINDS}")
    rows = _array(found, "the array")
    if not rows.size:
        return Detections.empty()
    if rows.ndim != 2 or rows.shape[1] not in (4, 5, 6):
        raise ValueError(f"an array of the shape {rows.shape} is no rows of x1, y1, x2, y2, score, class")
    scores, class_ids = (rows[:, place] if place < rows.shape[1] else None for place in (4, 5))
    return _made(rows[:, :4], scores, class_ids)


def _made(
    boxes: Any, scores: Any = None, class_ids: Any = None, columns: Mapping[str, Any] | None = None
) -> Detections:
    boxes = _array(boxes, "boxes")
    certain = np.ones(len(boxes)) if scores is None else np.minimum(np.maximum(_array(scores, "scores"), 0), 1)
    return Detections(boxes, certain, _class_ids(class_ids), columns=columns or {})


def _class_ids(values: Any) -> Any:
    if values is None:
        return None
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return values
    ids = _array(values, "class_ids")
    if not np.isfinite(ids).all() or (ids % 1 != 0).any():
        raise ValueError("class_ids holds a value that is no whole number")
    return ids.astype(np.int64)


def _array(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Numbers of any library as an array."""
    for step in ("detach", "cpu"):  # of torch, perhaps on a GPU
        if hasattr(values, step):
            values = getattr(values, step)()
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} are no numbers in rows of one length, but {type(values).__name__}") from None
