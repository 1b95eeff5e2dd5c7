"""The boxes of many tracks as columns, one track after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.base import Floats, Ints
from tracker.offline.trajectory import Trajectory

CLOSE = 1e-4  # seconds: what is as near as this to a limit is within it, however times are rounded
SMALLEST = 1.0  # pixels of an object's size: one that is smaller trembles like this


@dataclass(frozen=True, eq=False)
class Paths:
    """N boxes of K tracks, those that detections support.

    lengths: ``(K,)`` boxes of each track. owners: ``(N,)``, from 0, the track of each box. times: ``(N,)`` seconds.
    boxes: ``(N, 4)`` xyxy pixels.
    """

    lengths: Ints
    owners: Ints
    times: Floats
    boxes: Floats

    @classmethod
    def of(cls, tracks: Sequence[Trajectory], times: Floats) -> Paths:
        """Of one or more tracks. times: ``(T,)`` seconds of all frames."""
        seen = [~track.filled for track in tracks]
        lengths = np.array([rows.sum() for rows in seen])
        frames = np.concatenate([track.frames[rows] for track, rows in zip(tracks, seen, strict=True)])
        boxes = np.concatenate([track.boxes[rows] for track, rows in zip(tracks, seen, strict=True)])
        return cls(lengths, np.repeat(np.arange(len(tracks)), lengths), times[frames], boxes)

    def sizes(self, around: float) -> Floats:
        """Sizes ``(N,)`` in pixels: roots of the boxes' area, the mean over so many seconds before and after."""
        sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 0)
        sums = np.concatenate([[0.0], np.cumsum(np.sqrt(sides[:, 0] * sides[:, 1]))])
        around += CLOSE
        apart = np.ptp(self.times) + 3 * around if len(self.times) else 0.0
        places = self.times + self.owners * apart
        low = np.searchsorted(places, places - around)
        high = np.searchsorted(places, places + around, side="right")
        return np.asarray(np.maximum((sums[high] - sums[low]) / (high - low), SMALLEST))

    def parts(self, length: float) -> Ints:
        """Numbers ``(N,)``: which boxes are of one track and in the same part of it, of `length` seconds."""
        starts = np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)
        since = self.times - self.times[starts]
        turns = ((since + CLOSE) // length).astype(np.int64)
        return np.asarray(self.owners * (turns.max(initial=0) + 1) + turns)
