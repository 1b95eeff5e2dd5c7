"""What a video file announces about itself, and whether it kept its word."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from detectors.errors import InputError

NEARLY_ALL = 0.98  # a container may announce a little more than it holds; a share below this means a damaged file


class Header(NamedTuple):
    """What a video file says about its first video stream; None where it says nothing.

    counts_dropped: whether `frames` includes frames that were dropped while recording, as in an AVI.
    """

    time_base: Fraction
    frame_rate: Fraction
    frames: int | None
    seconds: float | None
    counts_dropped: bool

    @property
    def duration(self) -> float | None:
        """Seconds from beginning to end; by the number of frames where no time is announced."""
        if self.frames is None or self.seconds is not None:
            return self.seconds
        return float(self.frames / self.frame_rate)

    def complaint(self, frames: int, seconds: float) -> str:
        """What to tell the user when so many frames were decoded, up to that time; "" where that is about all."""
        few = not self.frames or frames < NEARLY_ALL * self.frames
        if few and self.seconds is not None and seconds < NEARLY_ALL * self.seconds:
            what = f"only {seconds:.1f} of {self.seconds:.1f} seconds could be decoded"
            return f"{what} ({frames} frames; the file is truncated or damaged)"
        # What an edit list hides counts as a frame, but not as time.
        shown = min(self.frames or 0, round((self.seconds or 0) * self.frame_rate))
        if not self.counts_dropped and frames < NEARLY_ALL * shown:
            return f"only {frames} of {shown} frames could be decoded (the file is damaged)"
        return ""


def read_header(address: str, shown: Path | str, timeout: float | None = None) -> Header:
    """What the container says. timeout: seconds to wait for a file on another computer. Raises InputError."""
    try:
        with av.open(address, timeout=timeout) as container:
            stream = container.streams.video[0]
            time_base = _fraction(stream.time_base) or Fraction(1, 90000)
            seconds = float(stream.duration * time_base) if stream.duration else None
            if seconds is None:
                end = _seconds_of(stream.metadata.get("DURATION", ""))  # where Matroska says when the stream ends
                seconds = None if end is None else end - float((stream.start_time or 0) * time_base)
            rate = _fraction(stream.average_rate) or Fraction(30)
            return Header(time_base, rate, stream.frames or None, seconds, container.format.name == "avi")
    except (av.FFmpegError, IndexError, ValueError):
        raise InputError(shown, "is not a video that can be read", "give a video file that plays") from None


def _fraction(rational: Fraction | None) -> Fraction | None:
    """A rational of PyAV, which has a type of its own for them from version 19 on."""
    return None if rational is None else Fraction(rational.numerator, rational.denominator)


def _seconds_of(text: str) -> float | None:
    """Seconds of HH:MM:SS.fraction, None for anything else."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None
