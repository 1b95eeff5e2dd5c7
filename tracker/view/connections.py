"""How many connections the page's server keeps, and for how long one that asks for nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_CONNECTIONS = 200  # a descriptor each, of which a process has 1,024 by default
REQUEST_TIMEOUT = 5.0  # seconds for a request to be complete


class LimitedConnection(HttpToolsProtocol):
    """A connection that is closed if no whole request comes in time.

    Beyond `MOST_CONNECTIONS`, the one that has waited longest without a request makes room; where all have one, the new
    one is closed at once. So nobody needs the token to take the run's descriptors, or to lock viewers out for long.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take the connection in, or not."""
        super().connection_made(transport)
        here = [each for each in self.connections if isinstance(each, LimitedConnection) and each.is_open]
        if len(here) > MOST_CONNECTIONS:
            waiting = [each for each in here if each.is_waiting]
            min(waiting, key=LimitedConnection.due, default=self).transport.abort()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun has to end in time, too."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    @property
    def is_open(self) -> bool:
        """Whether it is neither lost nor about to be."""
        return not self.transport.is_closing()

    @property
    def is_waiting(self) -> bool:
        """Whether a request is due."""
        return self._deadline is not None

    def due(self) -> float:
        """When the request has to be there, on the loop's clock."""
        return self._deadline.when() if self._deadline else float("inf")

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_TIMEOUT, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
