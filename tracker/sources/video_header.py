"""What a video file announces about itself, and whether it kept its word."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from av.container import InputContainer
from av.video.stream import VideoStream

NEARLY_ALL = 0.98  # a container may announce a little more than it holds; a share below this means a damaged file

FASTEST = 20_000  # frames a second; more is the rate of a clock, which FFmpeg gives where it knows nothing (raw DV)


class Header(NamedTuple):
    """What a video file says about its video stream; None where it says nothing.

    frames: without those that an edit list hides. counts_dropped: whether `frames` includes frames that were dropped
    while recording, as in an AVI. pixel_aspect: width of a pixel by its height.
    """

    time_base: Fraction
    frame_rate: Fraction
    frames: int | None
    seconds: float | None
    counts_dropped: bool
    pixel_aspect: Fraction

    @property
    def duration(self) -> float | None:
        """Seconds from beginning to end; by the number of frames where no time is announced."""
        if self.frames is None or self.seconds is not None:
            return self.seconds
        return float(self.frames / self.frame_rate)

    def complaint(self, frames: int, seconds: float, missing: int = 0) -> str:
        """What to tell the user when so many frames were decoded, up to that time; "" where that is about all.

        missing: how many were lost between others.
        """
        few = not self.frames or frames < NEARLY_ALL * self.frames
        if few and self.seconds is not None and seconds < NEARLY_ALL * self.seconds:
            what = f"only {seconds:.1f} of {self.seconds:.1f} seconds could be decoded"
            return f"{what} ({frames} frames; the file is truncated or damaged)"
        # What an edit list hides may count as a frame, but not as time.
        shown = min(self.frames or 0, round((self.seconds or 0) * self.frame_rate))
        if not self.counts_dropped and (frames < NEARLY_ALL * shown or (missing and frames < shown)):
            return f"only {frames} of {shown} frames could be decoded (the file is damaged)"
        if missing:
            return f"{missing} of {frames + missing} frames could not be decoded (the file is damaged)"
        return ""


def read_header(container: InputContainer, stream: VideoStream) -> Header:
    """What a container that is open says about a stream."""
    time_base = _fraction(stream.time_base) or Fraction(1, 90000)
    seconds = float(stream.duration * time_base) if stream.duration else None
    if seconds is None:
        end = _seconds_of(stream.metadata.get("DURATION", ""))  # where Matroska says when the stream ends
        seconds = None if end is None else end - float((stream.start_time or 0) * time_base)
    is_avi = container.format.name == "avi"
    return Header(time_base, _rate(stream), _count_frames(stream), seconds, is_avi, pixel_aspect(stream))


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second: what the container says, else the codec, else the smallest step of time stamps."""
    rates = stream.average_rate, stream.codec_context.framerate, stream.guessed_rate
    found = (_fraction(rate) for rate in rates)
    return next((rate for rate in found if rate is not None and 0 < rate <= FASTEST), Fraction(30))


def pixel_aspect(stream: VideoStream) -> Fraction:
    """Width of a pixel by its height; 1 where the stream does not say."""
    aspect = _fraction(stream.sample_aspect_ratio) or Fraction(1)
    return aspect if aspect > 0 else Fraction(1)


def _count_frames(stream: VideoStream) -> int | None:
    """How many frames a stream announces. An edit list, as in a clip that was cut without encoding, hides some."""
    entries = stream.index_entries
    if not stream.frames or len(entries) < stream.frames:
        return stream.frames or None
    return sum(not entry.is_discard for entry in entries) or None


def _fraction(rational: Fraction | None) -> Fraction | None:
    """A rational of PyAV, which has a type of its own for them from version 19 on."""
    return None if rational is None else Fraction(rational.numerator, rational.denominator)


def _seconds_of(text: str) -> float | None:
    """Seconds of HH:MM:SS.fraction, None for anything else."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None
