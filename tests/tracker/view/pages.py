"""What the page's tests share: a page with frames on it, and requests to its page."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import httpx
import numpy as np

from detectors import Frame
from tracker.association.tracks import Tracks
from tracker.sources.base import Source
from tracker.sources.live_status import LiveStatus
from tracker.view.app import make_app
from tracker.view.feed import Feed
from tracker.view.page_state import PageState

NAMES = {0: "person", 1: "car"}


def make_source(live: LiveStatus | None = None, **more: Any) -> Source:
    """A source without frames."""
    return Source(iter(()), "yard", 160, 120, Fraction(25), live=live, **more)


def make_tracks(*ids: int, class_id: int = 0, score: float = 0.8) -> Tracks:
    """Tracks side by side, 30 pixels apart."""
    count = len(ids)
    left = 5.0 + 30 * np.arange(count)
    boxes = np.stack([left, np.full(count, 20.0), left + 20, np.full(count, 80.0)], axis=1).reshape(-1, 4)
    columns = np.array(ids, np.int64), boxes, np.full(count, score), np.full(count, class_id, np.int64)
    return Tracks(*columns, np.ones(count), np.zeros(count))


def make_frame(index: int, time: float | None = None, shade: int = 90) -> Frame:
    return Frame(np.full((120, 160, 3), shade, np.uint8), index, index / 25 if time is None else time)


def make_page(frames: int = 3, **more: Any) -> PageState:
    """A page that has been shown some frames with two tracks."""
    page = PageState(make_source(**more), NAMES, 100)
    for index in range(1, frames + 1):
        frame = make_frame(index)
        page.update(frame, make_tracks(1, 2))
        page.show(frame, frame.image)
    return page


def ask(
    page: PageState,
    path: str,
    token: str | None = None,
    host: str = "127.0.0.1:8000",
    method: str = "GET",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """The answer to one request."""

    async def request() -> httpx.Response:
        feed = Feed(page)
        transport = httpx.ASGITransport(make_app(feed, token))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return await client.request(method, path, headers={"Host": host, **(headers or {})})
        finally:
            feed.close()

    return asyncio.run(request())
