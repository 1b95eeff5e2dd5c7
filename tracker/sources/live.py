"""Cameras and streams: their frames are timed by this computer's clock, and a lost connection is opened again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import cv2
import numpy as np

from detectors.base import Frame, Image
from detectors.errors import InputError
from tracker.association.presets import PRESETS
from tracker.sources.backoff import FIRST_DELAY, attempt_timeout, reconnect_delay
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.connection import Connection, ConnectionLostError
from tracker.sources.live_status import LiveStatus
from tracker.sources.rate_limited_log import RateLimitedLog
from tracker.sources.stream_clock import StreamClock
from tracker.threads.background_call import call_in_background

SHORT_LIVED = 2.0  # seconds; after a connection that did not last longer, the first attempt waits as well
FIRST_REMINDER, REMINDER_GROWTH = 60.0, 10.0  # an outage is logged again after 1 minute, 10, 100 ...
LONGEST_MEMORY = max(max(preset.max_age, preset.max_revival_age) for preset in PRESETS.values())
"""Seconds after which no tracker remembers a track: after a longer outage, the next frame counts as a cut."""

Connect = Callable[[float, bool], Connection]
"""Opens the source: timeout in seconds, whether it was open before. Raises InputError."""


def open_live(
    connection: Connection,
    connect: Connect,
    shown: str,
    name: str,
    rate: Fraction | None = None,
    reconnect: bool = False,
) -> Source:
    """The frames of a camera or stream. connection: the first one, open already.

    connect: opens the next ones, if `reconnect`; without that, the frames end when the connection does. shown, name:
    for messages and for files. rate: frames a second, None if unknown. Raises InputError when no picture comes.
    """
    try:
        first = call_in_background(connection.read)
    except ConnectionLostError as lost:
        connection.close()
        raise InputError(shown, f"opens, but gives no picture: {lost}", "check that it plays elsewhere") from None
    live = LiveStatus()
    height, width = first.shape[:2]
    reader = _Reader(live, connection, connect if reconnect else None, (width, height), RateLimitedLog(shown))
    return Source(reader.frames(first), name, width, height, rate or FRAME_RATE, live=live)


class _Reader:
    """Reads a live source, and opens it again when it is lost.

    connect: None for a source that is not opened again. size: width and height of all frames.
    """

    def __init__(
        self,
        live: LiveStatus,
        connection: Connection,
        connect: Connect | None,
        size: tuple[int, int],
        log: RateLimitedLog,
    ) -> None:
        self._live, self._connection, self._connect = live, connection, connect
        self._size, self._log = size, log
        self._connected_at = time.monotonic()
        self._resized = self._was_lost = False
        self._clock = StreamClock()

    def frames(self, image: Image | None) -> Iterator[Frame]:
        """The frames from the first picture on."""
        index, last = 0, 0.0
        try:
            while image is not None:
                now = self._clock(self._connection.stamp, self._live.now() if index else 0.0)
                index += 1
                forgotten = self._was_lost and now - last > LONGEST_MEMORY
                last = max(now, last + 1e-3) if index > 1 else now
                yield Frame(self._fitted(image), index, last, cut=forgotten)
                image = self._next()
        finally:
            self._connection.close()

    def _next(self) -> Image | None:
        """The next picture, None when there will be no more."""
        self._was_lost = False
        try:
            return self._connection.read()
        except ConnectionLostError as lost:
            why = str(lost)
        self._was_lost = True
        self._connection.close()
        self._live.connected = False
        if self._live.stop.is_set():
            return None
        if self._connect is None:
            self._log.warn(f"no more pictures: {why}")
            return None
        self._log.warn(f"stream lost ({why}), trying again")
        return self._reconnect(self._connect)

    def _reconnect(self, connect: Connect) -> Image | None:
        """The first picture of a new connection; None when no more are wanted."""
        lost = time.monotonic()
        delay, reminder = (FIRST_DELAY if lost - self._connected_at < SHORT_LIVED else 0.0), FIRST_REMINDER
        while not self._live.stop.wait(delay):
            try:
                image = self._open(connect, attempt_timeout(time.monotonic() - lost))
            except (InputError, ConnectionLostError) as error:
                away = time.monotonic() - lost
                if away > reminder:
                    why = error.why if isinstance(error, InputError) else str(error)
                    self._log.warn(f"still away after {away:.0f} s: {why}")
                    reminder *= REMINDER_GROWTH
                delay = reconnect_delay(away)
                continue
            self._connected_at, self._clock = time.monotonic(), StreamClock()
            self._live.connected = True
            self._live.reconnects += 1
            self._log.warn(f"back after {self._connected_at - lost:.1f} s")
            return image
        return None

    def _open(self, connect: Connect, timeout: float) -> Image:
        connection = connect(timeout, True)
        try:
            image = connection.read()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return image

    def _fitted(self, image: Image) -> Image:
        """The picture in the size of the first one, which everything after it relies on."""
        height, width = image.shape[:2]
        if (width, height) == self._size:
            return image
        if not self._resized:
            self._resized = True
            first = f"{self._size[0]}x{self._size[1]}"
            self._log.warn(f"the pictures are {width}x{height} now; scaled to {first} as at first")
        return np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
