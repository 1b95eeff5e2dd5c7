"""Clients of the page, for load: some read, some never do. Needs the standard library only.

``python -m benchmarks.live.page_clients PORT READERS SILENT`` waits for the server, reads until it is gone, and prints
how many pictures the readers got.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from dataclasses import dataclass, field

PATIENCE = 30.0  # seconds for the server to come
NUMBERS = 4  # every so many requests one is for the numbers, the others are for pictures
CHUNK = 1 << 18


@dataclass
class Viewer:
    """A browser: asks for the next picture when it has the last, and now and then for the numbers."""

    connection: socket.socket
    requests: int = 0
    pictures: int = 0
    number: int = 0
    answer: bytearray = field(default_factory=bytearray)
    wanted: int = 0  # bytes of the answer, 0 while that is not known

    def ask(self) -> None:
        """Send the next request."""
        self.requests += 1
        path = "/state.json?after=0" if self.requests % NUMBERS == 1 else f"/frame.jpg?after={self.number}"
        self.answer, self.wanted = bytearray(), 0
        self.connection.sendall(request(path))

    def read(self) -> None:
        """Take what has come; ask again once an answer is whole. Raises ConnectionError at the end."""
        data = self.connection.recv(CHUNK)
        if not data:
            raise ConnectionError
        self.answer += data
        if not self.wanted and b"\r\n\r\n" in self.answer:
            head = bytes(self.answer).partition(b"\r\n\r\n")[0].decode("latin-1").lower()
            values = dict(line.split(": ", 1) for line in head.splitlines()[1:])
            self.wanted = len(head) + 4 + int(values.get("content-length", 0))
            self.pictures += "x-number" in values
            self.number = int(values.get("x-number", self.number))
        if self.wanted and len(self.answer) >= self.wanted:
            self.ask()


def request(path: str) -> bytes:
    """What a browser sends, no more than needed."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def connect(port: int) -> socket.socket:
    """A connection to the page's server, as soon as that is there."""
    until = time.monotonic() + PATIENCE
    while (connection := socket.socket()).connect_ex(("127.0.0.1", port)):
        connection.close()
        if time.monotonic() > until:
            raise ConnectionError(f"nobody serves port {port}")
        time.sleep(0.02)
    return connection


def watch(port: int, readers: int, silent: int) -> int:
    """Be that many viewers until the server is gone; returns how many pictures the readers have got."""
    unread = [connect(port) for _ in range(silent)]
    for number, connection in enumerate(unread):
        connection.sendall(request("/stream.mjpg" if number % 2 else "/frame.jpg"))
    viewers = {connection: Viewer(connection) for connection in (connect(port) for _ in range(readers))}
    for viewer in viewers.values():
        viewer.ask()
    got = 0
    while viewers:
        for connection in select.select(list(viewers), [], [])[0]:
            try:
                viewers[connection].read()
            except OSError:  # noqa: PERF203  # the end of one viewer is not that of the others
                got += viewers.pop(connection).pictures
    return got


if __name__ == "__main__":
    print(watch(*(int(word) for word in sys.argv[1:4])))
