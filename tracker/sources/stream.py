"""Network streams, through PyAV.

Unlike OpenCV, it says why something does not open, and takes options for a single connection.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.stream import VideoStream

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources.addresses import file_name, video_name, without_secrets
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.connection import ConnectionLostError
from tracker.sources.deinterlacing import DecodedFrame, deinterlace, has_fields_apart
from tracker.sources.live import open_live
from tracker.sources.picture_conversion import PictureConverter
from tracker.sources.stream_errors import explain_stream_error, reason_of
from tracker.sources.video_header import pixel_aspect
from tracker.threads.background_call import call_in_background

OPEN_TIMEOUT, READ_TIMEOUT = 9.0, 5.0  # seconds: an address that never answers is told within ten
KEY_FRAME = 10.0  # seconds to wait for the first picture: some cameras send a key frame only every few seconds
UNDECODABLE = 1.0  # seconds of data without a picture, as after a change of codec; a new connection helps
LONGEST_HOLD = 1.0  # seconds between two pictures of a paced stream; more means a jump in its time stamps
UNTIMED = ("mpjpeg", "mjpeg")  # formats without time stamps; FFmpeg makes some up
FILES = ("http", "https", "ftp")  # schemes under which something with a length is a file on another computer

# RTP over TCP if the server can: with UDP, lost packets become grey pictures. A full buffer is no error.
OPTIONS = {"rtsp_flags": "prefer_tcp", "overrun_nonfatal": "1"}
PROBING = 500_000  # microseconds of the stream that FFmpeg analyses: enough to find its frame rate
PROBING_AGAIN = 100_000  # the same for a new connection, when the frame rate is known
LONGEST_BACKLOG = 1.0  # seconds to spend on pictures that came while the stream was opened
WAITED = 0.5  # of the time between two pictures: one that takes longer was not waiting in a buffer


def open_stream(url: str, reconnect: bool = True) -> Source:
    """The frames of a stream, timed by this computer's clock; or those of a video file that lies on a web server.

    reconnect: whether it is opened again when it is lost. Raises InputError when it does not open.
    """
    shown, name = without_secrets(url), file_name(url)
    connection = call_in_background(lambda: Stream(url), Stream.close)
    if connection.seconds is None:

        def connect(timeout: float, again: bool) -> Stream:
            return Stream(url, timeout, again)

        source = open_live(connection, connect, shown, name, connection.rate, reconnect)
        source.pixel_aspect = connection.pixel_aspect
        return source
    from tracker.sources.video import open_remote

    connection.close()
    return call_in_background(lambda: open_remote(url, shown, video_name(url), OPEN_TIMEOUT))


class Stream:
    """An open stream. url: as FFmpeg takes it. timeout: seconds for opening. again: whether it was open before.

    Opening it again is quicker. Raises InputError when it does not open or is no video.
    """

    def __init__(self, url: str, timeout: float = OPEN_TIMEOUT, again: bool = False) -> None:
        self._shown = without_secrets(url)
        options = OPTIONS | {"analyzeduration": str(PROBING_AGAIN if again else PROBING)} | _users_options()
        try:
            opened = av.open(url, options=options, timeout=(timeout, READ_TIMEOUT))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise explain_stream_error(error, url, timeout) from None
        self._container = opened
        try:
            self._stream = self._video()
        except InputError:
            self.close()
            raise
        self._paced = self._container.format.name.startswith("hls")  # a whole segment comes at once
        self._caught_up = self._paced
        self._clocked = self._container.format.name not in UNTIMED
        self.stamp: float | None = None
        self._convert: PictureConverter | None = None
        self._pictures = self._show()

    @property
    def seconds(self) -> float | None:
        """The duration of a file on another computer; None for an endless stream."""
        there = self._container.duration
        is_file = self._container.name.partition("://")[0].lower() in FILES
        return there / 1e6 if is_file and there and there > 0 else None

    @property
    def rate(self) -> Fraction | None:
        """Pictures a second, if the stream tells."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return Fraction(rate.numerator, rate.denominator) if rate and 1 <= rate <= 1000 else None

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel by its height, once a picture has been read."""
        aspect = pixel_aspect(self._stream)
        return 1 / aspect if self._convert is not None and self._convert.turned else aspect

    def read(self) -> Image:
        """Wait for the next picture ``(H, W, 3)`` BGR. Raises ConnectionLostError when none comes."""
        if not self._caught_up:
            return self._catch_up()
        try:
            return next(self._pictures)
        except StopIteration:
            raise ConnectionLostError("it ended") from None
        except av.FFmpegError as error:
            raise ConnectionLostError(reason_of(error, READ_TIMEOUT)) from None

    def close(self) -> None:
        """Close the connection."""
        self._container.close()

    def _catch_up(self) -> Image:
        """The first picture that is not from a buffer: those that came while the stream was opened are old by now."""
        self._caught_up = True
        wait, deadline = WAITED / float(self.rate or FRAME_RATE), time.monotonic() + LONGEST_BACKLOG
        image = self.read()
        with contextlib.suppress(ConnectionLostError):  # the next read raises it again
            while (began := time.monotonic()) < deadline:
                image = self.read()
                if time.monotonic() - began > wait:
                    break
        return image

    def _video(self) -> VideoStream:
        if self._container.format.name.endswith("_pipe"):
            raise InputError(self._shown, "is a single picture", "give the address of a stream or a video")
        streams = self._container.streams.video
        if not streams:
            raise InputError(self._shown, "has no video", "give the address of a video stream")
        stream = streams[0]
        if stream.codec_context is None:
            raise InputError(self._shown, "has video of an unknown kind", "let it send H.264, H.265 or MJPEG")
        stream.codec_context.thread_count = 1  # each further thread would delay a picture
        return stream

    def _show(self) -> Iterator[Image]:
        """The pictures, deinterlaced, at the moments when they are due."""
        unit = float(self._stream.time_base or 0)
        began, first = 0.0, None
        for picture, stamp, _ in deinterlace(self._decode()):
            seconds = None if stamp is None else stamp * unit
            if self._paced and seconds is not None:
                first = seconds if first is None else first
                began = _hold(began or time.monotonic(), seconds - first)
            self.stamp = seconds if self._clocked else None
            if self._convert is None or not self._convert.takes(picture):
                self._convert = PictureConverter(picture)
            yield self._convert(picture)

    def _decode(self) -> Iterator[DecodedFrame]:
        deadline = time.monotonic() + KEY_FRAME
        for packet in self._container.demux(self._stream):
            if not packet.size:
                return
            for picture in self._pictures_in(packet):
                yield DecodedFrame(picture, picture.pts, has_fields_apart(self._stream))
                deadline = time.monotonic() + UNDECODABLE
            if time.monotonic() > deadline:
                raise ConnectionLostError("nothing that comes can be decoded")

    def _pictures_in(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        if packet.is_corrupt and self._stream.codec_context.name == "mjpeg":
            return []  # half a picture, where the connection broke
        try:
            return packet.decode()
        except av.FFmpegError:  # data was lost, or the stream began between key frames
            return []


def _hold(began: float, due: float) -> float:
    """Wait until `due` seconds after `began`; returns `began`, set anew if the time stamps have jumped."""
    wait = began + due - time.monotonic()
    if abs(wait) > LONGEST_HOLD:
        return time.monotonic() - due
    time.sleep(max(0.0, wait))
    return began


def _users_options() -> dict[str, str]:
    """The options that the user has set for OpenCV's streams, ``KEY;VALUE|KEY;VALUE``."""
    pairs = [pair.partition(";") for pair in os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "").split("|")]
    return {key: value for key, _, value in pairs if key}
