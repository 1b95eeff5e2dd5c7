"""Serves an application at a socket until somebody interrupts it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

from starlette.types import ASGIApp

from tracker.view.quiet_server import quiet_server

TIMEOUT = 5.0  # seconds to start and to stop


@contextlib.contextmanager
def served(listening: socket.socket, app: ASGIApp) -> Iterator[None]:
    """Serve it in a thread of its own while the context lasts. The thread handles no signals and prints nothing."""
    server = quiet_server(app)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listening])), name="serving", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(TIMEOUT)
        listening.close()
