"""Linear interpolation of boxes between keyframes, as labelling tools do it."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats, Ints


def interpolate(kept: Ints, boxes: Floats, frames: Ints) -> Floats:
    """Boxes ``(K, 4)`` at `frames` ``(K,)`` on the lines between keyframes ``(M,)`` with their boxes ``(M, 4)``.

    Each of the four coordinates moves evenly from one keyframe to the next, as in CVAT: left + (right - left) * part.
    Before the first keyframe and after the last, their boxes stay. `kept` ascends.
    """
    left = np.clip(np.searchsorted(kept, frames, side="right") - 1, 0, len(kept) - 1)
    right = np.minimum(left + 1, len(kept) - 1)
    span = np.maximum(kept[right] - kept[left], 1)
    part = np.clip((frames - kept[left]) / span, 0.0, 1.0)[:, None]
    return np.asarray(boxes[left] + (boxes[right] - boxes[left]) * part)


def paired_iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union ``(...)`` of boxes ``(4, ...)`` with boxes ``(4, ...)``, x1, y1, x2, y2 first.

    0 for boxes without area.
    """
    wide = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    high = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    shared = np.maximum(wide, 0.0) * np.maximum(high, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0))
