"""Keypoints of pose models: what the 17 of COCO are called, and which of them belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""The keypoints of people in COCO (Lin et al., "Microsoft COCO: Common objects in context", 2014), in its order."""

SKELETON = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10),
    (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip
"""Pairs of them, from 0, between which a line is drawn."""

VISIBLE = 0.5
"""The confidence above which a keypoint counts as visible."""


def names_of(count: int) -> Sequence[str]:
    """The names of so many keypoints: those of COCO for 17, else numbers."""
    return NAMES if count == len(NAMES) else [f"keypoint_{number}" for number in range(1, count + 1)]


def skeleton_of(count: int) -> Sequence[tuple[int, int]]:
    """Pairs of so many keypoints, from 0, that belong together; none but of COCO's 17."""
    return SKELETON if count == len(NAMES) else ()


def confidences(points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """How sure each keypoint is, ``(..., K)`` of ``(..., K, 2 or 3)``: 0 where its place is not known, 1 if untold."""
    known = np.isfinite(points[..., :2]).all(axis=-1)
    told = points[..., 2] if points.shape[-1] == 3 else np.ones(points.shape[:-1])
    return np.where(known, np.nan_to_num(told, nan=0.0), 0.0)
