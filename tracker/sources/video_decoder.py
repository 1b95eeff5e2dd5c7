"""A video file on this computer or another, decoded by PyAV: packets, and the pictures in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from detectors import limits
from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.sources.deinterlacing import DecodedFrame, has_fields_apart

MOST_THREADS = 4  # of the decoder; each holds pictures, and one decodes 1080p in 5 ms
FIELDS = 1.5  # packets a frame; with more, a packet has one field of an interlaced picture

Packet: TypeAlias = "av.Packet[VideoStream]"


class VideoDecoder:
    """Reads and decodes the best video stream of a file, whatever is damaged in between.

    address: what FFmpeg is to read. shown: the name for messages. timeout: seconds to wait for a file on another
    computer, None for one on this one. Raises InputError when there is no video.
    """

    def __init__(self, address: str, shown: Path | str, timeout: float | None = None) -> None:
        self._remote = timeout is not None
        self._errors = self._sent = self._shown = 0
        self._first_dts: int | None = None
        try:
            self.container: InputContainer = av.open(address, timeout=timeout)
        except (av.FFmpegError, ValueError):
            raise _not_readable(shown) from None
        stream = self.container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.codec_context is None or _is_cover(stream):
            self.container.close()
            raise _not_readable(shown)
        self.stream: VideoStream = stream
        self.stream.codec_context.thread_count = max(1, min(available_cores() // 2, MOST_THREADS))
        self.stream.codec_context.thread_type = "AUTO"
        self._by_dts = self.container.format.name == "avi"  # has no other times, and PyAV guesses them badly

    def __enter__(self) -> VideoDecoder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def packets(self) -> Iterator[Packet]:
        """The packets in the order of decoding.

        Reading goes on behind damage. A file on another computer is not read on: each attempt might wait for what
        never comes.
        """
        failures = 0
        while failures < (1 if self._remote else limits.FAILURES):
            with contextlib.suppress(av.FFmpegError, OSError):
                for packet in self.container.demux(self.stream):
                    if packet.size:  # the end, and frames that an AVI leaves out, have none
                        failures = 0
                        self._first_dts = packet.dts if self._first_dts is None else self._first_dts
                        yield packet
                return
            failures += 1

    def frames(self) -> Iterator[DecodedFrame]:
        """All frames in the order of showing."""
        return self.decode(self.packets())

    def decode(self, packets: Iterable[Packet]) -> Iterator[DecodedFrame]:
        """The frames in the order of showing, up to the last one that the decoder still holds."""
        for packet in packets:
            yield from self._decode(packet)
        yield from self._decode(None)

    def zero(self, first: DecodedFrame) -> int:
        """The stamp of time 0. first: the first frame of the file."""
        start = self.stream.start_time or 0
        if self._by_dts and first.stamp is not None and self._first_dts is not None:
            return start + first.stamp - self._first_dts  # a frame comes out later than it goes in
        return start

    @property
    def missing(self) -> int:
        """How many frames have been lost between others, because they, or what they refer to, cannot be decoded."""
        lost = self._sent - self._shown
        is_a_packet_a_frame = self._sent < FIELDS * self._shown and self.stream.codec_context.name != "vp8"
        return max(self._errors, lost) if self._errors and is_a_packet_a_frame else self._errors

    def restart(self) -> None:
        """Decode from another key frame on, and count anew what is missing."""
        self.stream.codec_context.flush_buffers()
        self._errors = self._sent = self._shown = 0

    def _decode(self, packet: Packet | None) -> Iterator[DecodedFrame]:
        if packet is not None and not packet.is_discard and (self._sent or packet.is_keyframe):
            self._sent += 1
        try:
            pictures = self.stream.codec_context.decode(packet)
        except (av.FFmpegError, OSError):
            self._errors += bool(self._shown)
            return
        for picture in pictures:
            self._shown += 1
            yield DecodedFrame(picture, self._stamp(picture), has_fields_apart(self.stream))

    def _stamp(self, picture: av.VideoFrame) -> int | None:
        return picture.dts if self._by_dts or picture.pts is None else picture.pts


def _is_cover(stream: VideoStream) -> bool:
    """Whether it is the picture on the cover of a file of music."""
    return bool(stream.disposition & Disposition.attached_pic)


def _not_readable(shown: Path | str) -> InputError:
    return InputError(shown, "is not a video that can be read", "give a video file that plays")
