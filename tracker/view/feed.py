"""Serves the run's pictures and numbers to any number of viewers: each is encoded once, and only on request."""

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
from tracker.view.page_state import PageState
from tracker.view.picture_buffer import Picture
from tracker.view.statistics import PERIOD

WIDTHS = (480, 800, 1280)  # pixels of a viewer's picture at most; 0 means full size
QUALITY, SNAPSHOT_QUALITY, CROP_QUALITY = 75, 93, 85
NICENESS = 10  # of the encoding thread: a tenth of the processor time on a busy computer
PICTURE_TIMEOUT = 5.0  # seconds that a request waits for a picture
SNAPSHOT_TIMEOUT = 1.5  # seconds that a snapshot waits for the next picture


class Feed:
    """Gives requests the pictures and numbers of a page, encoded.

    It runs in the server's event loop, except `wake`, and the encoding, which has a thread of its own.
    """

    def __init__(self, page: PageState) -> None:
        self.page = page
        self.last_request = -1e9  # for the numbers, on the monotonic clock
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._waiting = 0  # requests for a picture
        self._pool = ThreadPoolExecutor(1, "viewing", lower_priority)
        self._encoded: dict[tuple[int, int], asyncio.Future[bytes]] = {}
        self._version, self._json, self._built = 0, b"", -1e9
        self._building: asyncio.Task[None] | None = None
        page.pictures.notify = self.wake

    def wake(self) -> None:
        """Tell the waiting requests that something is new. From any thread."""
        self._loop.call_soon_threadsafe(self._notify_all)

    def close(self) -> None:
        """Stop encoding."""
        self.page.pictures.notify = lambda: None
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def newer(self, number: int, timeout: float = PICTURE_TIMEOUT) -> Picture | None:
        """Wait for a picture with a number above `number`, and return the newest; None if none comes."""
        until = time.monotonic() + timeout
        while True:
            picture = self.page.pictures.newest
            if picture is not None and picture.number > number:
                return picture
            left = until - time.monotonic()
            if self.page.ended or left <= 0:
                return None
            self._waiting += 1
            try:
                self.page.pictures.want(self._waiting)
                await self.wait(left)
            finally:
                self._waiting -= 1

    async def jpeg(self, picture: Picture, width: int, quality: int = QUALITY) -> bytes:
        """A picture as JPEG, at most `width` wide. Viewers that ask for the same picture share its bytes."""
        key = picture.number, width
        if key not in self._encoded:
            for old in [old for old in self._encoded if old[0] < picture.number - 1]:
                del self._encoded[old]
            self._encoded[key] = self._in_thread(lambda: encode(shrunk(picture.image, width), quality))
        return await asyncio.shield(self._encoded[key])

    async def snapshot(self) -> tuple[Picture, bytes] | None:
        """The current picture in full size; None if there is none yet."""
        now = self.page.pictures.newest
        picture = await self.newer(now.number if now else 0, SNAPSHOT_TIMEOUT) or self.page.pictures.newest
        return None if picture is None else (picture, await self.jpeg(picture, 0, SNAPSHOT_QUALITY))

    async def crop(self, track_id: int) -> bytes | None:
        """The best crop of an object, None if there is none."""
        crop = self.page.statistics.crops.get(track_id)
        return None if crop is None else await self._in_thread(lambda: encode(crop.image, CROP_QUALITY))

    async def state(self, version: int) -> bytes:
        """The numbers as JSON, once they are newer than `version`; at once after the end."""
        self.last_request = time.monotonic()
        if self._version <= version or self.last_request - self._built > PERIOD:
            if self._building is None or self._building.done():
                self._building = self._loop.create_task(self._build())
            await asyncio.shield(self._building)
        return self._json

    async def _build(self) -> None:
        until = self._built + PERIOD
        while not self.page.ended and (left := until - time.monotonic()) > 0:
            await self.wait(left)
        self._version, self._built = self._version + 1, time.monotonic()
        self._json = json.dumps({"version": self._version, **self.page.as_json()}, separators=(",", ":")).encode()

    async def wait(self, seconds: float) -> None:
        """Wait until something is new, or the time is over."""
        with contextlib.suppress(asyncio.TimeoutError):  # another class than the built-in one in Python 3.10
            await asyncio.wait_for(self._changed.wait(), seconds)

    def _notify_all(self) -> None:
        old, self._changed = self._changed, asyncio.Event()
        old.set()

    def _in_thread(self, call: Callable[[], bytes]) -> asyncio.Future[bytes]:
        return self._loop.run_in_executor(self._pool, call)


def lower_priority() -> None:
    """Lower the priority of this thread, so that viewers wait and not the tracking."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def shrunk(image: Image, width: int) -> Image:
    """The picture, at most `width` pixels wide; 0 means full size."""
    if not width or image.shape[1] <= width:
        return image
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    if image.shape[1] >= 2 * width:  # else thin lines would flicker
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.resize(image, (width, height)), dtype=np.uint8)


def encode(image: Image, quality: int) -> bytes:
    """A picture ``(H, W, 3)`` BGR as JPEG."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()
