"""The detected boxes of many tracks as columns, one track after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.base import Floats, Ints
from tracker.offline.trajectory import Trajectory

TOLERANCE = 1e-4  # seconds: what is this near to a limit is within it, however times are rounded
SMALLEST = 1.0  # pixels of an object's size: smaller ones jitter like this


@dataclass(frozen=True, eq=False)
class DetectedBoxes:
    """N boxes of K tracks, those that detections support.

    lengths: ``(K,)`` boxes of each track. owners: ``(N,)``, from 0, the track of each box. times: ``(N,)`` seconds.
    boxes: ``(N, 4)`` xyxy pixels.
    """

    lengths: Ints
    owners: Ints
    times: Floats
    boxes: Floats

    @classmethod
    def of_tracks(cls, tracks: Sequence[Trajectory], times: Floats) -> DetectedBoxes:
        """The boxes of one or more tracks. times: ``(T,)`` seconds of all frames."""
        seen = [~track.filled for track in tracks]
        lengths = np.array([rows.sum() for rows in seen])
        frames = np.concatenate([track.frames[rows] for track, rows in zip(tracks, seen, strict=True)])
        boxes = np.concatenate([track.boxes[rows] for track, rows in zip(tracks, seen, strict=True)])
        return cls(lengths, np.repeat(np.arange(len(tracks)), lengths), times[frames], boxes)

    def mean_sizes(self, around: float) -> Floats:
        """Sizes ``(N,)`` in pixels: roots of the boxes' area, the mean over so many seconds before and after."""
        sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 0)
        sums = np.concatenate([[0.0], np.cumsum(np.sqrt(sides[:, 0] * sides[:, 1]))])
        around += TOLERANCE
        apart = np.ptp(self.times) + 3 * around if len(self.times) else 0.0
        places = self.times + self.owners * apart
        low = np.searchsorted(places, places - around)
        high = np.searchsorted(places, places + around, side="right")
        return np.asarray(np.maximum((sums[high] - sums[low]) / (high - low), SMALLEST))

    def segments(self, length: float) -> Ints:
        """Numbers ``(N,)``, the same for boxes of one track in the same segment of `length` seconds."""
        starts = np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)
        since = self.times - self.times[starts]
        turns = ((since + TOLERANCE) // length).astype(np.int64)
        return np.asarray(self.owners * (turns.max(initial=0) + 1) + turns)
