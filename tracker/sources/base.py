"""What every source of frames offers, whatever it reads from."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from detectors.base import Frame

FRAME_RATE = Fraction(30)  # of pictures that nothing is known about


@dataclass
class Source:
    """Frames, and what is known about them before the first is read.

    frames: can be iterated once. name: for messages and default file names. width, height: pixels, 0 if unknown.
    frame_rate: frames a second, on average. time_base: seconds of which the frames' times are multiples.
    frame_count: how many frames there are, or as many as a file announces; None if that is not known.
    path: the file or folder that is read, None for cameras and streams. live: frames come when they come.
    warnings: filled while reading; what the user should know afterwards.
    start: seconds from which frames are wanted; to be set before the first is asked for. Those before may be left out,
    but for the last of them, whose picture tells whether the next is of another shot.
    seconds: how long it is, where a file announces that otherwise than by its frames.

    Of live sources: started_at: the moment of time 0; zero: the same on `time.monotonic`. connected: whether pictures
    come at present. reconnects: how often they came again. skipped: frames that nobody had time for. stop: is set when
    no more are wanted. Frame.index counts all frames that came, so it jumps where some were skipped.
    """

    frames: Iterator[Frame]
    name: str
    width: int
    height: int
    frame_rate: Fraction
    time_base: Fraction = Fraction(1, 90000)
    frame_count: int | None = None
    path: Path | None = None
    live: bool = False
    has_images: bool = True
    warnings: list[str] = field(default_factory=list)
    start: float = 0.0
    seconds: float | None = None
    started_at: datetime | None = None
    zero: float = field(default_factory=time.monotonic)
    connected: bool = True
    reconnects: int = 0
    skipped: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def duration(self) -> float | None:
        """Seconds from beginning to end, as far as a source announces that; a damaged file may be shorter."""
        if self.frame_count is None or self.seconds is not None:
            return self.seconds
        return float(self.frame_count / self.frame_rate)

    def now(self) -> float:
        """Seconds on the clock of the frames' times, for a live source: a frame is ``now() - frame.time`` old."""
        return time.monotonic() - self.zero
