"""Serves the pages of several sources: each has a feed of its own, made when a viewer first asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tracker.view.app import page_routes
from tracker.view.feed import Feed
from tracker.view.page_state import PageState
from tracker.view.wall import Wall


class WallFeed:
    """The feeds of a wall's sources, in the server's event loop; `wake` comes from any thread."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.last_request = -1e9  # for the tiles, on the monotonic clock
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._feeds: dict[str, tuple[PageState, Feed, ASGIApp]] = {}

    def app_of(self, name: str) -> ASGIApp | None:
        """What answers the requests to a source's own page; None before it was first opened."""
        page = self.wall.page(name)
        if page is None:
            return None
        known = self._feeds.get(name)
        if known is None or known[0] is not page:  # the source was opened again
            if known is not None:
                known[1].close()
            feed = Feed(page)
            known = self._feeds[name] = page, feed, Starlette(routes=page_routes(feed))
        return known[2]

    def state(self) -> bytes:
        """The tiles as JSON."""
        self.last_request = time.monotonic()
        return json.dumps(self.wall.as_json(), separators=(",", ":")).encode()

    def wake(self) -> None:
        """Tell the server that something is new. From any thread."""
        self._loop.call_soon_threadsafe(self._changed.set)

    async def wait(self, seconds: float) -> None:
        """Wait until `wake`, or until the time is over."""
        with contextlib.suppress(asyncio.TimeoutError):  # another class than the built-in one in Python 3.10
            await asyncio.wait_for(self._changed.wait(), seconds)

    def close(self) -> None:
        """Stop encoding."""
        for _, feed, _ in self._feeds.values():
            feed.close()
