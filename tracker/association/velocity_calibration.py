"""How far velocities carry on where frames are far apart: a car's until the next frame, a dancer's hardly at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.base import Floats, Ints
from tracker.association.calibration import NoiseCalibration
from tracker.association.track_table import TrackTable

DENSE = 0.11  # seconds between frames, of ten a second and a little more, in which nobody turns round
PRIOR = 1.0  # squared displacements, in sizes of the objects, that speak for velocities as they are
KNOWN_HITS = 4  # matches from which a track's velocity is its own, and not how it began
FADE = 0.95  # of what is known, from frame to frame
LONGEST = 2.0  # sizes that one displacement counts for at most


class VelocityCalibration:
    """The share of the predicted displacements that tracks have moved: their regression through the origin.

    The last displacement is the best prediction of the next one only as long as motion persists. Where frames are a
    second apart, a share learnt from the matches is better for all that turns, stops and comes back.
    """

    def __init__(self) -> None:
        self._squares = self._products = PRIOR

    def share(self, elapsed: float) -> float:
        """The share of its velocity, 0 to 1, that predicts a track `elapsed` seconds later."""
        return min(max(self._products / self._squares, 0.0), 1.0) if elapsed > DENSE else 1.0

    def update(self, table: TrackTable, rows: Ints, boxes: Floats, elapsed: float) -> None:
        """Take in one frame's matches, before the table does.

        table: predicted by this `share` of `elapsed` seconds. rows: ``(R,)`` of the table. boxes: xyxy ``(R, 4)``.
        """
        if elapsed <= DENSE:
            return
        known = table.hits[rows] >= KNOWN_HITS
        rows, boxes = rows[known], boxes[known]
        sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
        predicted = elapsed * table.filter.velocity[rows, :2]
        seen = self.share(elapsed) * predicted + table.filter.innovation(rows, boxes)[:, :2]
        predicted, seen = (np.clip(each / sizes, -LONGEST, LONGEST) for each in (predicted, seen))
        self._squares = PRIOR + FADE * (self._squares - PRIOR) + float((predicted * predicted).sum())
        self._products = PRIOR + FADE * (self._products - PRIOR) + float((predicted * seen).sum())


@dataclass(frozen=True)
class MotionCalibration:
    """What the matches have taught of how objects move. noise: of their filters. velocities: how far they carry on."""

    noise: NoiseCalibration = field(default_factory=NoiseCalibration)
    velocities: VelocityCalibration = field(default_factory=VelocityCalibration)
