"""What the first of two passes keeps of a video, or of a piece of it. The second pass needs no detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from detectors.base import Frame, Ints
from tracker.offline.trajectory import TrackingHistory

NO_PICTURE = np.empty((0, 0, 3), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class FirstPass:
    """What the first of two passes has found.

    indices: ``(T,)`` numbers in the source, from 1, of the history's frames. class_names: of the detector. width,
    height: pixels, 0 if unknown. frame_rate: frames a second, on average. warnings: what the user should know.
    """

    indices: Ints
    history: TrackingHistory
    class_names: Mapping[int, str]
    width: int
    height: int
    frame_rate: Fraction
    warnings: tuple[str, ...] = field(default=())

    def frames(self) -> Iterator[Frame]:
        """Its frames, without their pictures, one at a time: a list for a long video would need much memory."""
        cuts = np.diff(self.history.shots, prepend=0) > 0
        for index, time, cut in zip(self.indices, self.history.times, cuts, strict=True):
            yield Frame(NO_PICTURE, int(index), float(time), bool(cut))
