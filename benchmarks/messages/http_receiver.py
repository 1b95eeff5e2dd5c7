"""A real HTTP server that takes messages, in a process that can be killed: it writes each new id to a file.

usage: python -m benchmarks.messages.http_receiver PORT FILE

A line of FILE is the id of a message and its frame; one that comes again is answered like a new one, and written with
``again`` in front.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Receiver(HTTPServer):
    """Takes messages one after the other. path: the file of ids, which is read first: it may have been killed."""

    def __init__(self, port: int, path: Path) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        lines = path.read_text().splitlines() if path.exists() else []
        self.seen = {line.split()[0] for line in lines}
        self.file = open(path, "ab", buffering=0)  # noqa: SIM115  # until the process is killed

    def take(self, message_id: str, frame: int) -> None:
        """Write a message down, before it is answered."""
        again = message_id in self.seen
        self.seen.add(message_id)
        self.file.write(f"{'again ' if again else ''}{message_id} {frame}\n".encode())
        os.fsync(self.file.fileno())


class Handler(BaseHTTPRequestHandler):
    """Takes a message and says so. One connection at a time, closed after each answer."""

    server: Receiver

    def do_POST(self) -> None:  # the standard library calls it so
        """A message."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.take(self.headers["webhook-id"], message["frame"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Say nothing."""


def main(argv: Sequence[str]) -> None:
    """Serve until killed."""
    Receiver(int(argv[0]), Path(argv[1])).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
