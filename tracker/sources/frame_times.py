"""The times of a video's frames, which advance whatever the file's time stamps do."""

from __future__ import annotations

import math
from fractions import Fraction

FINER = 8  # frames that may share a time stamp, as at 2,500 a second in a file that counts milliseconds
NEAR = 2  # units of a time stamp that these frames may run ahead of it


class FrameTimes:
    """Turns time stamps, in units of the stream, into seconds.

    unit: seconds of one unit of a stamp. zero: the stamp of time 0. step: seconds from frame to frame where the stamps
    do not tell. last: seconds of the frame before.
    """

    def __init__(self, unit: Fraction, zero: int, step: float) -> None:
        self._unit, self._zero, self._step = unit, zero, step
        self.last = -step

    def seconds(self, stamp: int) -> float:
        """The time that a stamp stands for."""
        return (stamp - self._zero) * self._unit.numerator / self._unit.denominator

    def stamp(self, seconds: float) -> int:
        """The first stamp that is not before a time."""
        return self._zero + math.ceil(seconds / self._unit)

    def next(self, stamp: int | None) -> float:
        """Seconds of the next frame.

        Raw streams and broken files have no stamps, or some that do not advance: count on from the last. Frames that
        follow each other faster than stamps can tell lie close behind the first one with that stamp.
        """
        time = None if stamp is None else self.seconds(stamp)
        if time is not None and time > self.last:
            self.last = time
        elif time is not None and self.last - time < NEAR * self._unit:
            room = time + NEAR * float(self._unit) - self.last
            self.last += min(self._step, float(self._unit) / FINER, room / 2)
        else:
            self.last += self._step
        return self.last
