"""Deinterlacing: whole pictures out of those that consist of two fields, half a frame apart in time."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import av
import av.filter
from av.video.stream import VideoStream

from detectors.cores import available_cores

# Of FFmpeg: as fast as yadif, and better. One picture for each; those that are not marked pass as they are.
DEINTERLACE = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
UNMARK = ("setfield", "mode=prog")  # a picture of one field, of which FFmpeg would convert every other row apart
MOST_THREADS = 4


class DecodedFrame(NamedTuple):
    """A picture as it comes from the decoder. stamp: its time in units of the stream, None if it has none.

    is_field: whether it is a picture of one field, if it is marked as interlaced.
    """

    picture: av.VideoFrame
    stamp: int | None
    is_field: bool = False


def has_fields_apart(stream: VideoStream) -> bool:
    """Whether pictures of a stream that are marked as interlaced are of one field each, as in HEVC."""
    return stream.codec_context.name == "hevc"


def deinterlace(frames: Iterable[DecodedFrame]) -> Iterator[DecodedFrame]:
    """The same frames in the same number, those that are marked as interlaced deinterlaced.

    Until one is marked, nothing is done at all. A picture depends on the one before it and the one after it alone.
    """
    current: _Filter | None = None
    before: DecodedFrame | None = None
    for frame in frames:
        if current is not None and not current.takes(frame.picture):
            yield from current.finish()
            current = before = None
        if current is None and frame.picture.interlaced_frame:
            current = _Filter(frame.picture, UNMARK if frame.is_field else DEINTERLACE)
            if before is not None and current.takes(before.picture):
                current.lead_in(before)
        if current is None:
            before = frame
            yield frame
        else:
            yield from current.filter(frame)
    if current is not None:
        yield from current.finish()


class _Filter:
    """The filter for pictures of one size and pixel format. It gives one back for each one taken, maybe with the next.

    name_and_options: of the filter.
    """

    def __init__(self, picture: av.VideoFrame, name_and_options: tuple[str, str]) -> None:
        self._kind = _kind(picture)
        self._waiting: deque[DecodedFrame] = deque()
        self._unwanted = 0
        self._graph = av.filter.Graph()
        self._graph.threads = max(1, min(available_cores() // 2, MOST_THREADS))
        source = self._graph.add(
            "buffer",
            f"video_size={picture.width}x{picture.height}:pix_fmt={picture.format.name}:time_base=1/1000:"
            f"colorspace={int(picture.colorspace)}:range={int(picture.color_range)}",
        )
        self._graph.link_nodes(source, self._graph.add(*name_and_options), self._graph.add("buffersink"))
        self._graph.configure()

    def takes(self, picture: av.VideoFrame) -> bool:
        """Whether a picture is of the kind that the filter was made for."""
        return self._kind == _kind(picture)

    def lead_in(self, frame: DecodedFrame) -> None:
        """Take the picture before the first one, which has been given out already."""
        self._unwanted += 1
        for _ in self.filter(frame):
            pass

    def filter(self, frame: DecodedFrame) -> Iterator[DecodedFrame]:
        """Take the next picture."""
        self._waiting.append(frame)
        self._graph.vpush(frame.picture)
        return self._pull()

    def finish(self) -> Iterator[DecodedFrame]:
        """What is left."""
        self._graph.vpush(None)
        return self._pull()

    def _pull(self) -> Iterator[DecodedFrame]:
        while self._waiting:
            try:
                picture = self._graph.vpull()
            except (av.FFmpegError, EOFError) as error:
                if getattr(error, "errno", None) == errno.EAGAIN or isinstance(error, EOFError):
                    return
                raise
            stamp = self._waiting.popleft().stamp
            if self._unwanted:
                self._unwanted -= 1
            else:
                yield DecodedFrame(picture, stamp)


def _kind(picture: av.VideoFrame) -> tuple[int, int, str, int, int]:
    return picture.width, picture.height, picture.format.name, int(picture.colorspace), int(picture.color_range)
