"""Masks of boxes that no detection supports: those of the nearest detections, shifted and scaled to the boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.columns import MASKS
from detectors.masks import fitted
from tracker.offline.trajectory import Trajectory


def fill_masks(track: Trajectory) -> Trajectory:
    """The trajectory with a mask for each filled box; of two detections equally near in time, the earlier one's."""
    masks = track.columns.get(MASKS)
    if masks is None:
        return track
    known = np.array([row for row, mask in enumerate(masks) if mask is not None], dtype=np.int64)
    missing = [row for row in np.flatnonzero(track.filled).tolist() if masks[row] is None]
    if not len(known) or not missing:
        return track
    found = list(masks)
    for row in missing:
        nearest = known[np.abs(track.frames[known] - track.frames[row]).argmin()]
        found[row] = fitted(masks[nearest], track.boxes[nearest], track.boxes[row])
    return replace(track, columns={**track.columns, MASKS: found})
