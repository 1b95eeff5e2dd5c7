"""Serves an application at a socket until somebody interrupts it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from tracker.view.connections import LimitedConnection

GRACE = 1  # seconds for answers that are on the way
TIMEOUT = 5.0  # seconds to start and to stop


@contextlib.contextmanager
def served(listening: socket.socket, app: ASGIApp) -> Iterator[None]:
    """Serve it in a thread of its own while the context lasts. The thread handles no signals and prints nothing."""
    for name in ("uvicorn", "asyncio"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            http=LimitedConnection,
            timeout_graceful_shutdown=GRACE,
        )
    )
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
