"""What every source of frames offers, whatever it reads from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from detectors.base import Frame
from tracker.sources.live_status import LiveStatus

FRAME_RATE = Fraction(30)  # of images, and of cameras that do not tell theirs


@dataclass
class Source:
    """The frames of a source, and what is known before the first one is read.

    frames: can be iterated once. name: for messages and default file names. width, height: pixels, 0 if unknown.
    frame_rate: frames a second, on average. time_base: seconds of which the frames' times are multiples.
    frame_count: how many frames there are, or as many as a file announces; None if unknown.
    pixel_aspect: width of a pixel by its height, as it is to be shown.
    path: the file or folder that is read, None for cameras and streams.
    live: the state of a camera or stream, whose frames cannot wait; None for all that can be read at any speed.
    has_images: False for a sequence of which there are only detections.
    warnings: filled while reading; what the user should know afterwards.
    start: seconds from which frames are wanted; set it before asking for the first. Earlier frames may be left out,
    except the last of them: its picture tells whether the next one belongs to another shot.

    Frame.index counts all frames that came, so it jumps where some were skipped.
    """

    frames: Iterator[Frame]
    name: str
    width: int
    height: int
    frame_rate: Fraction
    time_base: Fraction = Fraction(1, 90000)
    frame_count: int | None = None
    pixel_aspect: Fraction = Fraction(1)
    path: Path | None = None
    live: LiveStatus | None = None
    has_images: bool = True
    warnings: list[str] = field(default_factory=list)
    start: float = 0.0
