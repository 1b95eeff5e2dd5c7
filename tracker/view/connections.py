"""How many connections the page's server keeps, and for how long one that asks for nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from detectors import limits

DESCRIPTORS = 4096  # that a process may have where the system lets it: the connections' and all others
REQUEST_TIMEOUT = 5.0  # seconds for a request to be complete
REFUSAL_TIMEOUT = 3.0  # seconds for the request that a refusal answers, and for the answer to be read
REFUSAL = f"all {limits.CONNECTIONS} connections of this page are taken: try again later\n".encode()
REFUSAL_HEAD = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 10\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(REFUSAL)
)


class LimitedConnection(HttpToolsProtocol):
    """A connection that is closed if no whole request comes in time.

    Beyond `limits.CONNECTIONS`, the one that has waited longest without a request makes room; where all have one, the
    new one does. Its request, should it come, gets the answer that there is no room. So nobody can take the run's
    descriptors, or lock viewers out for long.
    """

    _deadline: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: Any) -> None:
        """Take the connection in, or not."""
        super().connection_made(transport)
        here = [each for each in self.connections if isinstance(each, LimitedConnection) and each.is_open]
        served = [each for each in here if not each._refused]
        if len(served) > limits.CONNECTIONS:
            waiting = [each for each in served if each.is_waiting]
            min(waiting, key=LimitedConnection.due, default=self)._refuse(len(here) - len(served) < limits.REFUSALS)
        self._wait()

    def _refuse(self, tell: bool) -> None:
        """Serve it no more than one answer; none at all where too many wait for theirs."""
        self._refused = True
        self.loop.call_later(REFUSAL_TIMEOUT if tell else 0.0, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun has to end in time, too."""
        if self._refused:
            if self.is_waiting:  # for the first part of its request: what follows is read, so that the answer arrives
                self._stop_waiting()
                self.transport.write(REFUSAL_HEAD + REFUSAL)
                self.transport.write_eof()
            return
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


def raise_descriptor_limit() -> None:
    """Let this process have as many descriptors as its connections and outputs may need, where the system allows it."""
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS has another limit, which nobody tells
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
