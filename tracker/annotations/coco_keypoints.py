"""Keypoints as COCO has them: x, y and visibility of each in one flat list, names and skeleton with the category.

COCO knows no confidence, only whether a keypoint is not labelled (0), hidden (1) or visible (2). Confidences stand
beside it, as ``keypoint_scores``; without them, a hidden keypoint is read with 0.5, and a visible one with 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.base import Floats
from detectors.columns import KEYPOINTS
from detectors.keypoints import VISIBLE, confidences, names_of, skeleton_of
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack

Entry = dict[str, Any]


def keypoints_entry(track: AnnotatedTrack, row: int) -> Entry:
    """What the annotation of a box says of its keypoints; nothing where none is known."""
    points = np.asarray(track.columns[KEYPOINTS][row]) if KEYPOINTS in track.columns else np.empty((0, 3))
    scores = confidences(points)
    known = np.asarray(np.isfinite(points[:, :2]).all(axis=1))
    if not known.any():
        return {}
    visibility = np.where(known, np.where(scores > VISIBLE, 2, 1), 0)
    places = np.where(known[:, None], points[:, :2], 0.0).round(3)
    flat = [value for (x, y), v in zip(places.tolist(), visibility.tolist(), strict=True) for value in (x, y, v)]
    entry: Entry = {"keypoints": flat, "num_keypoints": int(known.sum())}
    return entry | ({"keypoint_scores": scores.round(6).tolist()} if points.shape[1] == 3 else {})


def keypoints_category(count: int) -> Entry:
    """What a category says of its `count` keypoints. COCO counts them from 1."""
    pairs = [[start + 1, end + 1] for start, end in skeleton_of(count)]
    return {"keypoints": list(names_of(count)), "skeleton": pairs} if count else {}


def keypoint_count(track: AnnotatedTrack) -> int:
    """How many keypoints each box of a track has, 0 for none."""
    column = track.columns.get(KEYPOINTS)
    return 0 if column is None else int(np.shape(column)[1])


def read_keypoints(rows: Sequence[Entry]) -> dict[str, npt.NDArray[Any]]:
    """The column of a track's boxes, NaN for those that have none; no column where none has any. Raises ValueError."""
    found = [_read(row) for row in rows]
    counts = {len(points) for points in found if len(points)}
    if len(counts) > 1:
        raise ValueError(f"a track has boxes of {' and of '.join(map(str, sorted(counts)))} keypoints")
    nothing = np.full((max(counts, default=0), 3), np.nan)
    return {KEYPOINTS: np.stack([points if len(points) else nothing for points in found])} if counts else {}


def _read(row: Entry) -> Floats:
    """The keypoints ``(K, 3)`` of one box, none if they are not told."""
    flat, scores = row.get("keypoints") or [], row.get("keypoint_scores")
    if not isinstance(flat, list) or len(flat) % 3 or len(flat) > 3 * limits.KEYPOINTS:
        raise ValueError("keypoints is no list of x, y and visibility of each")
    limit = limits.PIXELS
    points = np.array([validate.number(value, "keypoints", -limit, limit) for value in flat]).reshape(-1, 3)
    labelled = points[:, 2] > 0
    if scores is None:
        known = np.isin(points[:, 2], (0, 1, 2)).all()  # else confidences, as in files of results
        points[:, 2] = points[:, 2] / 2 if known else np.clip(points[:, 2], 0, 1)
    elif isinstance(scores, list) and len(scores) == len(points):
        points[:, 2] = [validate.number(value, "keypoint_scores", 0, 1) for value in scores]
    else:
        raise ValueError("keypoint_scores does not have one number for each keypoint")
    points[~labelled] = [np.nan, np.nan, 0.0]
    return points
