"""Tracks as JSON lines: one object for each frame."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Frame
from detectors.columns import KEYPOINTS, MASKS
from detectors.run_lengths import encode
from tracker.association.tracks import Tracks
from tracker.ground_plane.as_json import ground_numbers
from tracker.regions.activity import Activity
from tracker.writers.line_writer import LineWriter


class JsonlWriter(LineWriter):
    """``{"index": 1, "time": 0.0, "tracks": [{"id", "class", "score", "box": [x1, y1, x2, y2]}, ...]}`` a line.

    index: from 1. time: seconds. box: pixels. class_names: class id -> name; an unknown class is its number as text. A
    track without a detection in this frame also has ``"filled": true``, or ``"carried": true`` if the detector did not
    run on this frame; one with keypoints has ``"keypoints": [[x, y, confidence], ...]``, null for what is not known;
    one with a mask has ``"mask": {"size": [height, width], "counts": ...}``, COCO's run-length encoding of the frame.
    activity: if there are zones, a track inside some has ``"zones": {"hall": 12.4}``, seconds so far; if there are
    lines, each frame has ``"lines": {"door": {"in": 3, "out": 1}}``, crossings so far.
    Where the ground is known, a track has ``"metres": [x, y]``, ``"kmh"``, ``"kmh_error"``, ``"travelled"`` and
    ``"nearest"``, as far as they are known.
    new: the file must not exist. size: height and width of frames that come without their pictures.
    """

    def __init__(
        self,
        path: str | Path,
        class_names: Mapping[int, str],
        activity: Activity | None = None,
        new: bool = False,
        size: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(path, new)
        self._size = size
        self._names = class_names
        self._activity = activity

    def lines(self, frame: Frame, tracks: Tracks) -> Iterable[str]:
        """One line."""
        listed = [
            {
                "id": int(track_id),
                "class": self._names.get(int(class_id), str(class_id)),
                "score": round(float(score), 4),
                "box": [round(float(edge), 2) for edge in box],
            }
            | ({"carried": True} if carried else {"filled": True} if unseen > 0 else {})
            | keypoints
            | mask
            | self._zones(int(track_id))
            | self._ground(int(track_id))
            for track_id, class_id, score, box, unseen, carried, keypoints, mask in zip(
                tracks.track_ids,
                tracks.class_ids,
                tracks.scores,
                tracks.boxes,
                tracks.time_since_update,
                tracks.carried,
                _keypoints(tracks),
                self._masks(frame, tracks),
                strict=True,
            )
        ]
        found = {"index": frame.index, "time": round(frame.time, 6), "tracks": listed}
        if self._activity is not None and self._activity.regions.lines:
            found["lines"] = self._activity.line_counts()
        yield json.dumps(found, ensure_ascii=False)

    def _zones(self, track_id: int) -> dict[str, dict[str, float]]:
        if self._activity is None or not self._activity.regions.zones:
            return {}
        dwells = {zone: round(seconds, 3) for zone, seconds in self._activity.dwells(track_id).items()}
        return {"zones": dwells} if dwells else {}

    def _masks(self, frame: Frame, tracks: Tracks) -> Sequence[dict[str, Any]]:
        """What is said of each track's mask: nothing where it is not known, or the frame's size is not."""
        height, width = frame.image.shape[:2] if frame.image.size else self._size
        if MASKS not in tracks.columns or not height or not width:
            return [{}] * len(tracks)
        return [{} if mask is None else {"mask": encode(mask, height, width)} for mask in tracks.columns[MASKS]]

    def _ground(self, track_id: int) -> dict[str, Any]:
        if self._activity is None or self._activity.ground is None:
            return {}
        return ground_numbers(self._activity.ground.of(track_id))


def _keypoints(tracks: Tracks) -> Sequence[dict[str, Any]]:
    """What is said of each track's keypoints: nothing where none is known."""
    if KEYPOINTS not in tracks.columns:
        return [{}] * len(tracks)
    return [
        {KEYPOINTS: [_keypoint(*point) for point in points.tolist()]} if np.isfinite(points[:, :2]).any() else {}
        for points in np.asarray(tracks.columns[KEYPOINTS])
    ]


def _keypoint(x: float, y: float, *confidence: float) -> list[float | None]:
    rounded = [round(x, 2), round(y, 2), *(round(value, 4) for value in confidence)]
    return [value if math.isfinite(value) else None for value in rounded]
