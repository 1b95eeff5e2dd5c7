"""What every source of frames offers, whatever it reads from."""

from __future__ import annotations

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
    started_at: when time 0 was, for a live source.
    warnings: filled while reading; what the user should know afterwards.
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
    started_at: datetime | None = None
    has_images: bool = True
    warnings: list[str] = field(default_factory=list)
