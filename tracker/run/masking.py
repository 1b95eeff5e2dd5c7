"""The masking stage: objects cut out of their boxes, whatever detector has found them; and masks that follow boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from detectors.base import Detections, Floats, Frame, Image
from detectors.columns import MASKS, masks_in
from detectors.masks import Mask, box_crops, fitted
from tracker.association.tracks import Tracks

Cut = Callable[[Image, Floats], Sequence[npt.NDArray[Any]]]
"""Gives the pixels of the object in each box ``(N, 4)`` of a picture, on the crop that `box_crops` tells."""

FOLLOWED = 1.0  # seconds that a mask follows a box that nothing was detected in


def with_masks(frame: Frame, detections: Detections, cut: Cut) -> Detections:
    """The detections with a mask each; those that have one keep it. cut: of `detectors.box_masks`, for example."""
    masks = masks_in(detections.columns, len(detections))
    missing = [row for row, mask in enumerate(masks) if mask is None]
    if missing:
        boxes = detections.boxes[missing]
        corners = box_crops(boxes, *frame.image.shape[:2])[:, :2].tolist()
        for row, pixels, (x, y) in zip(missing, cut(frame.image, boxes), corners, strict=True):
            masks[row] = Mask.pack(pixels, x, y)
    return replace(detections, columns={**detections.columns, MASKS: masks})


class MaskFollower:
    """Gives tracks without a detection the last mask that they had, moved along with their box. Call it each frame."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[Floats, Mask]] = {}

    def __call__(self, tracks: Tracks) -> Tracks:
        """The tracks of the next frame with the masks that are known."""
        if MASKS not in tracks.columns:
            return tracks
        masks = list(tracks.columns[MASKS])
        ids, unseen = tracks.track_ids.tolist(), tracks.time_since_update
        for row, (track_id, box) in enumerate(zip(ids, tracks.boxes, strict=True)):
            if masks[row] is not None:
                self._last[track_id] = box, masks[row]
            elif track_id in self._last and 0 < unseen[row] <= FOLLOWED:
                before, mask = self._last[track_id]
                masks[row] = fitted(mask, before, box)
        there = set(ids)
        self._last = {track_id: known for track_id, known in self._last.items() if track_id in there}
        return replace(tracks, columns={**tracks.columns, MASKS: masks})
