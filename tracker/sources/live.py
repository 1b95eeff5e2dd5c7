"""Cameras and streams: frames timed by this computer's clock, which go on after the connection was lost."""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from fractions import Fraction
from typing import TypeVar

import cv2
import numpy as np

from detectors.base import Frame, Image
from detectors.errors import InputError
from tracker.association.presets import PRESETS
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.connection import Connection, Lost
from tracker.sources.timestamps import Steady

QUICKLY = 10.0  # seconds after a loss in which it is tried again and again
PAUSE = 0.2  # seconds between these tries
GROWTH = 0.3  # after that, the pause is this share of the time since the loss
LONGEST_PAUSE = 30.0  # seconds
SHORT_LIVED = 2.0  # seconds; what did not last longer is not tried again at once
PATIENCE_WITH = ((QUICKLY, 3.0), (60.0, 5.0))  # (seconds since the loss, seconds for a try until then)
REMIND = 10.0  # times: told after a minute, after ten, after a hundred ...
LONGEST_MEMORY = max(max(preset.max_age, preset.memory) for preset in PRESETS.values())
"""Seconds after which no tracker knows anything of what it saw, so that whoever is seen then is somebody new."""

Connect = Callable[[float, bool], Connection]
"""Opens the source: seconds for that, whether it was open before. Raises InputError."""

logger = logging.getLogger(__name__)


def open_live(
    connection: Connection,
    connect: Connect,
    shown: str,
    name: str,
    rate: Fraction | None = None,
    reconnect: bool = False,
) -> Source:
    """The frames of a camera or stream. connection: the first one, open already.

    connect: opens others, if `reconnect`; without that, the frames end when the connection does. shown, name: for
    messages and for files. rate: frames a second, None if unknown. Raises InputError when no picture comes.
    """
    try:
        first = in_background(connection.read)
    except Lost as lost:
        connection.close()
        raise InputError(shown, f"opens, but gives no picture: {lost}", "check that it plays elsewhere") from None
    source = Source(
        frames=iter(()),
        name=name,
        width=first.shape[1],
        height=first.shape[0],
        frame_rate=rate or FRAME_RATE,
        live=True,
        started_at=datetime.now(timezone.utc),
    )
    source.frames = _Reader(source, connection, connect, shown, reconnect).frames(first)
    return source


class _Reader:
    """Reads a live source, and opens it again when it is lost."""

    def __init__(self, source: Source, connection: Connection, connect: Connect, shown: str, reconnect: bool) -> None:
        self._source, self._connection, self._connect = source, connection, connect
        self._shown, self._reconnects = shown, reconnect
        self._since = time.monotonic()  # when this connection was made
        self._news = News(shown)
        self._resized = self._was_away = False
        self._taken = Steady()

    def frames(self, image: Image | None) -> Iterator[Frame]:
        """The frames from the first picture on."""
        index, last = 0, 0.0
        try:
            while image is not None:
                now = self._taken(self._connection.stamp, self._source.now() if index else 0.0)
                index += 1
                long_away = self._was_away and now - last > LONGEST_MEMORY
                last = max(now, last + 1e-3) if index > 1 else now
                yield Frame(self._fitted(image), index, last, cut=long_away)
                image = self._next()
        finally:
            self._connection.close()

    def _next(self) -> Image | None:
        """The next picture, None when there will be no more."""
        self._was_away = False
        try:
            return self._connection.read()
        except Lost as lost:
            why = str(lost)
        self._was_away = True
        self._connection.close()
        self._source.connected = False
        if self._source.stop.is_set():
            return None
        if not self._reconnects:
            self._news.tell(f"no more pictures: {why}")
            return None
        self._news.tell(f"stream lost ({why}), trying again")
        return self._come_back()

    def _come_back(self) -> Image | None:
        """The first picture of a new connection; None when nobody wants it any more."""
        lost, lasted = time.monotonic(), time.monotonic() - self._since
        pause, reminder = (PAUSE if lasted < SHORT_LIVED else 0.0), 60.0
        while not self._source.stop.wait(pause):
            away = time.monotonic() - lost
            try:
                image = self._open(away)
            except (InputError, Lost) as error:
                away = time.monotonic() - lost
                if away > reminder:
                    why = error.why if isinstance(error, InputError) else str(error)
                    self._news.tell(f"still away after {away:.0f} s: {why}")
                    reminder *= REMIND
                pause = pause_after(away)
                continue
            self._since, self._taken = time.monotonic(), Steady()
            self._source.connected = True
            self._source.reconnects += 1
            self._news.tell(f"back after {self._since - lost:.1f} s")
            return image
        return None

    def _open(self, away: float) -> Image:
        patience = next((seconds for limit, seconds in PATIENCE_WITH if away < limit), None)
        connection = self._connect(10.0 if patience is None else patience, True)
        try:
            image = connection.read()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return image

    def _fitted(self, image: Image) -> Image:
        """The picture in the size of the first one, which everything after it relies on."""
        size = self._source.width, self._source.height
        height, width = image.shape[:2]
        if (width, height) == size:
            return image
        if not self._resized:
            self._resized = True
            self._news.tell(f"the pictures are {width}x{height} now; scaled to {size[0]}x{size[1]} as at first")
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def pause_after(away: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try when the stream has been away for that long, a little by chance.

    Chance keeps many trackers from asking a server that comes back all at once. chance: gives numbers from 0 to 1.
    """
    longest = PAUSE if away < QUICKLY else min(LONGEST_PAUSE, GROWTH * away)
    return longest * (0.7 + 0.3 * chance())


class News:
    """Tells what happens to a source, but not thousands of times: some at once, then one a minute."""

    AT_ONCE, EVERY = 20, 60.0  # messages, seconds

    def __init__(self, shown: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._shown, self._clock = shown, clock
        self._left, self._last, self._untold = float(self.AT_ONCE), clock(), 0

    def tell(self, text: str) -> None:
        """Log a warning, or count it."""
        now = self._clock()
        self._left = min(float(self.AT_ONCE), self._left + (now - self._last) / self.EVERY)
        self._last = now
        if self._left < 1:
            self._untold += 1
            return
        more = f" ({self._untold} such messages left out)" if self._untold else ""
        self._left, self._untold = self._left - 1, 0
        logger.warning("%s: %s%s", self._shown, text, more)


T = TypeVar("T")


def in_background(call: Callable[[], T], discard: Callable[[T], None] | None = None) -> T:
    """`call` in a thread of its own, so that Ctrl-C need not wait for it.

    discard: what becomes of a result that nobody waits for any more. Raises what `call` raises.
    """
    results = queue.SimpleQueue[tuple[T | None, BaseException | None]]()
    abandoned = threading.Event()

    def work() -> None:
        try:
            result = call()
        except BaseException as error:  # it belongs to whoever waits
            results.put((None, error))
            return
        results.put((result, None))
        if abandoned.is_set() and discard is not None:
            discard(result)

    threading.Thread(target=work, name="opening", daemon=True).start()
    try:
        result, error = _wait_for(results)
    except BaseException:
        abandoned.set()
        raise
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is one where there is no error


def _wait_for(results: queue.SimpleQueue[T]) -> T:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=0.2)  # on Windows, Ctrl-C waits for the end of a wait
