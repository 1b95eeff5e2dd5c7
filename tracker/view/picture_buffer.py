"""The newest annotated picture, given from the run's thread to the server's, and drawn only when a viewer waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from detectors.base import Frame, Image

PICTURES = 15.0  # a second at most
SHARED = 60.0  # pictures a second that all viewers get together at most; each one costs a little


class Picture(NamedTuple):
    """A frame with its tracks drawn. number: of the pictures so far, from 1. frame, time: index and seconds."""

    number: int
    image: Image
    frame: int
    time: float


class PictureBuffer:
    """Holds the picture that viewers get.

    newest: that picture, None before the first. notify: is called in the run's thread when a picture that was wanted
    is there. clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.newest: Picture | None = None
        self.notify: Callable[[], None] = lambda: None
        self._clock = clock
        self._last: Picture | None = None  # of all frames, also of those that come too soon after the newest
        self._wanted = False
        self._period, self._due = 1 / PICTURES, -1e9

    def want(self, viewers: int = 1) -> None:
        """Say that so many viewers wait for a picture. From any thread."""
        self._period = 1 / min(PICTURES, SHARED / viewers)
        self._wanted = True

    def wants_picture(self) -> bool:
        """Whether the current frame should be drawn for viewers."""
        return self._wanted and self._clock() >= self._due

    def put(self, frame: Frame, image: Image) -> None:
        """Take a frame's picture, which must not be drawn on any more."""
        now, number = self._clock(), self.newest.number if self.newest else 0
        self._last = Picture(number + 1, image, frame.index, frame.time)
        if now >= self._due:
            self._due = now + self._period
            self.newest = self._last
            if self._wanted:
                self._wanted = False
                self.notify()

    def finish(self) -> None:
        """Show the very last picture: no other will come."""
        if self._last is not None:
            self.newest = self._last
