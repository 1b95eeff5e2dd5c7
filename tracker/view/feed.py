"""The run's pictures and numbers for any number of viewers: each is encoded once, and only if somebody asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from detectors.base import Image
from tracker.view.state import STATES, Board, Picture

WIDTHS = (480, 800, 1280)  # pixels of a viewer's picture at most; 0 stands for as it is
QUALITY, SNAPSHOT_QUALITY, CROP_QUALITY = 75, 93, 85
PRIORITY = 10  # of the encoding, as of `nice`: a tenth of the processor's time where others want it all
PATIENCE = 5.0  # seconds that a request waits for a picture, before it is told that there is none
FRESH = 1.5  # seconds that a snapshot waits for the next picture


class Feed:
    """Everything here runs in the server's loop, but for `wake`, and the encoding, which has a thread of its own."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.asked = -1e9  # when somebody last wanted the numbers, by the monotonic clock
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._waiting = 0  # requests for a picture
        self._pool = ThreadPoolExecutor(1, "viewing", stand_back)
        self._encoded: dict[tuple[int, int], asyncio.Future[bytes]] = {}
        self._version, self._told, self._built = 0, b"", -1e9
        self._tick: asyncio.Task[None] | None = None
        board.notify = self.wake

    def wake(self) -> None:
        """There is something new. From any thread."""
        self._loop.call_soon_threadsafe(self._spread)

    def close(self) -> None:
        """Nothing will be encoded any more."""
        self.board.notify = lambda: None
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def newer(self, number: int, patience: float = PATIENCE) -> Picture | None:
        """The newest picture after that of `number`, as soon as there is one; None if none comes."""
        until = time.monotonic() + patience
        while True:
            picture = self.board.picture
            if picture is not None and picture.number > number:
                return picture
            left = until - time.monotonic()
            if self.board.ended or left <= 0:
                return None
            self._waiting += 1
            try:
                self.board.want(self._waiting)
                await self.wait(left)
            finally:
                self._waiting -= 1

    async def jpeg(self, picture: Picture, width: int, quality: int = QUALITY) -> bytes:
        """A picture, at most `width` wide; whoever asks for the same one gets the same bytes."""
        key = picture.number, width
        if key not in self._encoded:
            for old in [old for old in self._encoded if old[0] < picture.number - 1]:
                del self._encoded[old]
            self._encoded[key] = self._in_thread(lambda: encode(shrunk(picture.image, width), quality))
        return await asyncio.shield(self._encoded[key])

    async def snapshot(self) -> tuple[Picture, bytes] | None:
        """The picture of this moment, whole; None if there is none yet."""
        now = self.board.picture
        picture = await self.newer(now.number if now else 0, FRESH) or self.board.picture
        return None if picture is None else (picture, await self.jpeg(picture, 0, SNAPSHOT_QUALITY))

    async def crop(self, track_id: int) -> bytes | None:
        """The best crop of an object, None if there is none."""
        crop = self.board.crops.get(track_id)
        return None if crop is None else await self._in_thread(lambda: encode(crop.image, CROP_QUALITY))

    async def state(self, version: int) -> bytes:
        """The numbers as JSON, once they are newer than `version`; at once after the end."""
        self.asked = time.monotonic()
        if self._version <= version or self.asked - self._built > STATES:
            if self._tick is None or self._tick.done():
                self._tick = self._loop.create_task(self._build())
            await asyncio.shield(self._tick)
        return self._told

    async def _build(self) -> None:
        until = self._built + STATES
        while not self.board.ended and (left := until - time.monotonic()) > 0:
            await self.wait(left)
        self._version, self._built = self._version + 1, time.monotonic()
        self._told = json.dumps({"version": self._version, **self.board.state()}, separators=(",", ":")).encode()

    async def wait(self, seconds: float) -> None:
        """Until something is new, or the time is over."""
        with contextlib.suppress(asyncio.TimeoutError):  # another class than the built-in one in Python 3.10
            await asyncio.wait_for(self._news.wait(), seconds)

    def _spread(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _in_thread(self, call: Callable[[], bytes]) -> asyncio.Future[bytes]:
        return self._loop.run_in_executor(self._pool, call)


def stand_back() -> None:
    """Let the system prefer all other threads to this one: viewers wait rather than the tracking."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PRIORITY)


def shrunk(image: Image, width: int) -> Image:
    """The picture, at most `width` pixels wide, 0 for as it is."""
    if not width or image.shape[1] <= width:
        return image
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    if image.shape[1] >= 2 * width:  # what is left out then would make thin lines flicker
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.resize(image, (width, height)), dtype=np.uint8)


def encode(image: Image, quality: int) -> bytes:
    """A picture ``(H, W, 3)`` BGR as JPEG."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()
