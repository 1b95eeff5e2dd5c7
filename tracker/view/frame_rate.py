"""The frame rate over the last seconds, and how far a live source is behind."""

from __future__ import annotations

from collections import deque

SPAN = 3.0  # seconds over which the rate is measured
STEP = 0.05  # seconds between two marks; frames in between are only counted
SMOOTHING = 0.2  # share of a new frame in the latency


class FrameRateMeter:
    """Frames a second, and seconds of the source a second, over the last `SPAN` seconds.

    latency: seconds from a live frame's time until it is done, smoothed; None before `late` is told of one.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int, float]] = deque()  # when, frames so far, time of the source
        self._frames = 0
        self.latency: float | None = None

    def update(self, now: float, time: float) -> None:
        """Count a frame that is done at `now`. time: of the frame in the source. Both in seconds."""
        self._frames += 1
        if not self._marks or now - self._marks[-1][0] >= STEP:
            self._marks.append((now, self._frames, time))
        while now - self._marks[0][0] > SPAN and len(self._marks) > 2:
            self._marks.popleft()

    def late(self, seconds: float) -> None:
        """Take in how old a live source's frame is now that it is done."""
        age = max(0.0, seconds)
        self.latency = age if self.latency is None else self.latency + SMOOTHING * (age - self.latency)

    def rates(self) -> tuple[float, float]:
        """Frames a second, and how many times as fast as real time; zeros while that is not known."""
        if len(self._marks) < 2:
            return 0.0, 0.0
        (start, first, begin), (end, last, until) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start), (until - begin) / (end - start)
