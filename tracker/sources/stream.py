"""Network streams, through PyAV: unlike OpenCV it says why something does not open.

It also takes options for each connection by itself, so that none of them reaches a video file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources.addresses import file_name, host_of, without_secrets
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.connection import ConnectionLostError
from tracker.sources.live import open_live
from tracker.threads.background_call import call_in_background

OPEN_TIMEOUT, READ_TIMEOUT = 10.0, 5.0  # seconds
KEY_FRAME = 10.0  # seconds until the first picture: some cameras send a key frame every few seconds only
UNDECODABLE = 1.0  # seconds without any picture in what comes, as after a change of codec; a new connection helps
LONGEST_HOLD = 1.0  # seconds between two pictures of a paced stream; more is a jump in its time stamps
UNTIMED = ("mpjpeg", "mjpeg")  # formats without time stamps, for which FFmpeg counts pictures
FILES = ("http", "https", "ftp")  # where a length may be known: then it is a file on another computer
SCHEMES = "rtsp://, http://, https://, rtmp://, tcp:// or udp://"
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)

# RTP inside the connection where the server can do so: lost packets are grey pictures. A full buffer is no error.
OPTIONS = {"rtsp_flags": "prefer_tcp", "overrun_nonfatal": "1"}
PROBING = 500_000  # microseconds of the stream to look at: enough to find its rate
PROBING_AGAIN = 100_000  # where that is known
LONGEST_BACKLOG = 1.0  # seconds to spend on the pictures that came meanwhile
WAITED = 0.5  # of the time between two pictures: one that takes longer did not lie ready


def open_stream(url: str, reconnect: bool = True) -> Source:
    """The frames of a stream, timed by this computer's clock; or those of a video file that lies on a web server.

    reconnect: whether it is opened again when it is lost. Raises InputError when it does not open.
    """
    shown, name = without_secrets(url), file_name(url)
    connection = call_in_background(lambda: Stream(url), Stream.close)
    if connection.seconds is None:

        def connect(timeout: float, again: bool) -> Stream:
            return Stream(url, timeout, again)

        return open_live(connection, connect, shown, name, connection.rate, reconnect)
    from tracker.sources.video import open_remote

    connection.close()
    return call_in_background(lambda: open_remote(url, shown, Path(name).stem, OPEN_TIMEOUT))


class Stream:
    """A stream that is open. url: what FFmpeg takes. again: whether it was open before; that is quicker.

    timeout: seconds to open it in. Raises InputError when it does not open or is no video.
    """

    def __init__(self, url: str, timeout: float = OPEN_TIMEOUT, again: bool = False) -> None:
        self._shown = without_secrets(url)
        options = OPTIONS | {"analyzeduration": str(PROBING_AGAIN if again else PROBING)} | _users_options()
        try:
            opened = av.open(url, options=options, timeout=(timeout, READ_TIMEOUT))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _explained(error, url, timeout) from None
        self._container = opened
        try:
            self._stream = self._video()
        except InputError:
            self.close()
            raise
        self._paced = self._container.format.name.startswith("hls")  # a segment comes at once
        self._caught_up = self._paced
        self._clocked = self._container.format.name not in UNTIMED
        self.stamp: float | None = None
        self._pictures = self._decode()

    @property
    def seconds(self) -> float | None:
        """How long it is, if it is a file on another computer; None for what has no end."""
        there = self._container.duration
        is_file = self._container.name.partition("://")[0].lower() in FILES
        return there / 1e6 if is_file and there and there > 0 else None

    @property
    def rate(self) -> Fraction | None:
        """Pictures a second, if it says so."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return Fraction(rate.numerator, rate.denominator) if rate and 1 <= rate <= 1000 else None

    def read(self) -> Image:
        """The next picture ``(H, W, 3)`` BGR, when it comes. Raises Lost when none does."""
        if not self._caught_up:
            return self._catch_up()
        try:
            return next(self._pictures)
        except StopIteration:
            raise ConnectionLostError("it ended") from None
        except av.FFmpegError as error:
            raise ConnectionLostError(_reason(error, READ_TIMEOUT)) from None

    def close(self) -> None:
        """End the connection."""
        self._container.close()

    def _catch_up(self) -> Image:
        """The first picture that had to be waited for: those that were looked at while opening are old by now."""
        self._caught_up = True
        wait, deadline = WAITED / float(self.rate or FRAME_RATE), time.monotonic() + LONGEST_BACKLOG
        image = self.read()
        with contextlib.suppress(ConnectionLostError):  # the next read tells it again
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
        stream.codec_context.thread_count = 1  # more would each hold a picture back
        return stream

    def _decode(self) -> Iterator[Image]:
        deadline, began, first = time.monotonic() + KEY_FRAME, 0.0, None
        for packet in self._container.demux(self._stream):
            if not packet.size:
                return
            for frame in self._pictures_in(packet):
                if self._paced and frame.time is not None:
                    first = frame.time if first is None else first
                    began = _hold(began or time.monotonic(), frame.time - first)
                self.stamp = frame.time if self._clocked else None
                yield np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
                deadline = time.monotonic() + UNDECODABLE
            if time.monotonic() > deadline:
                raise ConnectionLostError("nothing that comes can be decoded")

    def _pictures_in(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        if packet.is_corrupt and self._stream.codec_context.name == "mjpeg":
            return []  # half a picture, where the connection broke
        try:
            return packet.decode()
        except av.FFmpegError:  # some of it was lost, or it began in the middle
            return []


def _hold(began: float, due: float) -> float:
    """Wait until `due` seconds after `began`; returns a `began` that fits where the time stamps have jumped."""
    wait = began + due - time.monotonic()
    if abs(wait) > LONGEST_HOLD:
        return time.monotonic() - due
    time.sleep(max(0.0, wait))
    return began


def _users_options() -> dict[str, str]:
    """What the user has set for OpenCV's streams, ``KEY;VALUE|KEY;VALUE``."""
    pairs = [pair.partition(";") for pair in os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "").split("|")]
    return {key: value for key, _, value in pairs if key}


def _explained(error: Exception, url: str, timeout: float) -> InputError:
    """What a person can do about a stream that does not open."""
    shown = without_secrets(url)
    if isinstance(error, av.ProtocolNotFoundError):
        return InputError(shown, f"{url.partition('://')[0]}:// is not known here", f"give {SCHEMES}")
    if isinstance(error, (av.HTTPUnauthorizedError, av.HTTPForbiddenError)):
        return InputError(shown, "wrong or missing user or password", "put USER:PASSWORD@ before the host's name")
    if isinstance(error, av.HTTPNotFoundError):
        return InputError(shown, "the server has nothing there (404)", "check the path of the address")
    if isinstance(error, av.InvalidDataError):
        return InputError(shown, "answers, but not with video", "give the address of the stream, not of a page")
    host = host_of(url)
    if isinstance(error, OSError) and error.errno == errno.EIO and not _is_known(host):
        return InputError(shown, f"no computer is known as {host or 'nothing'}", "check the address and the network")
    return InputError(shown, _reason(error, timeout), "check the address, and that the camera is on")


def _reason(error: Exception, timeout: float) -> str:
    """The reason in words that hold no address."""
    if isinstance(error, (av.ExitError, av.TimeoutError, TimeoutError)):
        return f"nothing came for {timeout:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return "cannot be reached"
    if isinstance(error, av.HTTPError):
        return str(error.strerror)
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return "the connection broke"
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return True
