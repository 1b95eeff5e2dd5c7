"""A uvicorn server that prints nothing, tells nothing of itself, and limits its connections."""

from __future__ import annotations

import logging

import uvicorn
from starlette.types import ASGIApp

from tracker.view.address import BACKLOG
from tracker.view.connections import LimitedConnection

IDLE = 30  # seconds after which a connection without requests is closed
GRACE = 1  # seconds for answers that are on the way when the server ends


def quiet_server(app: ASGIApp) -> uvicorn.Server:
    """What serves an application, in the event loop of whoever calls its `serve`."""
    for name in ("uvicorn", "asyncio"):
        logging.getLogger(name).addHandler(logging.NullHandler())  # else their lines go to standard error
    return uvicorn.Server(
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
            backlog=BACKLOG,  # as many are accepted in a row, each with a descriptor, before one can be refused
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=GRACE,
        )
    )
