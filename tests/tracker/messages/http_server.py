"""A real HTTP server for messages, in threads, that can go away and come back at the same port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], tuple[int, dict[str, str]]]


class HttpServer:
    """Serves while it is entered, or between `start` and `stop`.

    answer: tells status and headers for a message. posted: the messages that came, with their headers.
    """

    def __init__(self, answer: Answer = lambda _: (204, {})) -> None:
        self.posted: list[tuple[dict[str, Any], Mapping[str, str], bytes]] = []
        self._answer = answer
        self._server = self._make(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/s3cret?key=s3cret"

    def start(self) -> None:
        if self._server.fileno() == -1:
            self._server = self._make(self._server.server_port)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> HttpServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def messages(self) -> list[dict[str, Any]]:
        return [message for message, _, _ in list(self.posted)]

    def _make(self, port: int) -> ThreadingHTTPServer:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body)
                status, headers = outer._answer(message)
                outer.posted.append((message, dict(self.headers.items()), body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def wait_until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Wait for something that another thread or process does."""
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)
