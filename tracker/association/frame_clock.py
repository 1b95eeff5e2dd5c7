"""The times of a tracker's frames."""

from __future__ import annotations

import math
from numbers import Real


class FrameClock:
    """Tells the time of each frame.

    time: seconds, of the last frame; None before the first. detected: of the last one with detections. frame_rate:
    frames a second, for frames without times.
    """

    def __init__(self, frame_rate: float) -> None:
        if not frame_rate > 0:
            raise ValueError(f"frame_rate is {frame_rate}, not a number of frames a second")
        self.time: float | None = None
        self.detected: float | None = None
        self._interval = 1 / frame_rate

    def restart(self) -> None:
        """Forget the time: the next frame is the first."""
        self.time = None
        self.detected = None

    def following(self, time: float | None) -> float:
        """The time of the next frame, which does not begin yet. Raises ValueError for what is no number."""
        if time is not None:
            if not isinstance(time, Real):  # whoever comes from other trackers gives a picture here
                raise ValueError(
                    f"time is of the type {type(time).__name__}, no seconds (a picture is given by frame=)"
                )
            return float(time)
        return 0.0 if self.time is None else self.time + self._interval

    def advance(self, time: float | None) -> tuple[float, float]:
        """The time of the next frame and the seconds since the last one. time: its own, None for one interval later.

        Raises ValueError, and changes nothing, when it is not finite or not later.
        """
        time = self.following(time)
        elapsed = self._interval if self.time is None else time - self.time
        if not math.isfinite(time):
            raise ValueError(f"time {time} is not a number of seconds")
        if not elapsed > 0:
            raise ValueError(f"time {time} s is not later than the last frame's, {self.time} s")
        self.time = time
        return time, elapsed
