"""Where the timestamps in an mp4 come from: the times of the source's frames, counted from the first one written."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

FINEST = 16  # units of a time stamp in a frame, as the rate of such a file may be more than it tells


def fine_enough(time_base: Fraction, frame_rate: Fraction) -> Fraction:
    """`time_base`, or a whole part of it where a file has more frames a second than its time stamps can tell apart."""
    frames = frame_rate * time_base
    return time_base if frames <= Fraction(1, 2) else time_base / ceil(FINEST * frames)


class VideoTimestamps:
    """Turns the times of frames into presentation timestamps (pts) of one file.

    time_base: seconds of one unit of a timestamp, as in the source, so that its times are kept exactly.
    start: seconds of the source at the first frame, whose timestamp is 0.
    """

    def __init__(self, time_base: Fraction, start: float) -> None:
        self.time_base, self._start = time_base, start
        self._last = -1

    def next(self, seconds: float) -> int:
        """The timestamp of the next frame, which is shown from `seconds` on: at least one unit after the last one."""
        self._last = max(round((seconds - self._start) / self.time_base), self._last + 1)
        return self._last

    def position(self, seconds: float) -> float:
        """Seconds of the file at `seconds` of the source."""
        return seconds - self._start

    def end(self, frame_rate: Fraction) -> float:
        """Seconds of the file at which the last frame ends."""
        return float(self._last * self.time_base + 1 / frame_rate)
