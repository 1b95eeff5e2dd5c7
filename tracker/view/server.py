"""The page's server: uvicorn in a thread of its own, for as long as the run lasts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from starlette.types import ASGIApp

from tracker.view.app import make_app
from tracker.view.connections import raise_descriptor_limit
from tracker.view.feed import Feed
from tracker.view.page_state import PageState
from tracker.view.quiet_server import quiet_server
from tracker.view.wall import Wall
from tracker.view.wall_app import make_wall_app
from tracker.view.wall_feed import WallFeed

FAREWELL = 0.6  # seconds in which viewers can learn that the run is over
RECENT = 2.0  # seconds after its last request in which a viewer counts as present
THREAD_TIMEOUT = 5.0  # seconds to start and to stop


class Shown(Protocol):
    """What is shown: the page of one run, or a wall of several."""

    def end(self, how: str) -> None:
        """All is over: "over" or "stopped"."""
        ...


class Waker(Protocol):
    """What gives the requests their answers, in the server's event loop. last_request: of the numbers."""

    last_request: float

    def wake(self) -> None:
        """Tell that something is new. From any thread."""
        ...

    async def wait(self, seconds: float) -> None:
        """Wait until something is new, or the time is over."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


S = TypeVar("S", bound=Shown)


def one_page(page: PageState, token: str | None) -> tuple[Waker, ASGIApp]:
    """What serves the page of one run."""
    feed = Feed(page)
    return feed, make_app(feed, token)


def whole_wall(wall: Wall, token: str | None) -> tuple[Waker, ASGIApp]:
    """What serves several sources."""
    feed = WallFeed(wall)
    return feed, make_wall_app(feed, token)


class Server(Generic[S]):
    """Serves what is shown at a socket, in a thread, while it is entered. token: that viewers need, None for none.

    make: `one_page` or `whole_wall`. The thread handles no signals and prints nothing. Leaving the context tells
    viewers that the run is over, and how.
    """

    def __init__(
        self,
        listening: socket.socket,
        shown: S,
        token: str | None,
        make: Callable[[S, str | None], tuple[Waker, ASGIApp]],
    ) -> None:
        self._socket, self._shown, self._token, self._make = listening, shown, token, make
        self._feed: Waker | None = None
        self._started, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._work, name="serving", daemon=True)

    def __enter__(self) -> Server[S]:
        raise_descriptor_limit()
        self._thread.start()
        self._started.wait(THREAD_TIMEOUT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._shown.end("over" if kind is None else "stopped")
        self._over = True
        if self._feed is not None:
            with contextlib.suppress(RuntimeError):  # its loop is closed: it has failed before
                self._feed.wake()
        self._thread.join(THREAD_TIMEOUT)
        self._socket.close()

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._feed, app = self._make(self._shown, self._token)
        server = quiet_server(app)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        self._started.set()
        await asyncio.wait(
            {serving, asyncio.create_task(self._until_viewers_know())}, return_when=asyncio.FIRST_COMPLETED
        )
        server.should_exit = True
        await asyncio.wait({serving})
        self._feed.close()

    async def _until_viewers_know(self) -> None:
        """Wait until the run is over and its viewers know."""
        assert self._feed is not None
        while not self._over:
            await self._feed.wait(1.0)
        if time.monotonic() - self._feed.last_request < RECENT:
            await asyncio.sleep(FAREWELL)
