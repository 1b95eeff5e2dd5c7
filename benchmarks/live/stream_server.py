"""The base of all stream servers: sends pictures at a steady rate to its clients, and fails on demand."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from benchmarks.live.frame_stamps import milliseconds, stamp
from detectors.base import Image

LOOPBACK = "127.0.0.1"
BACKLOG = 60  # chunks that a client may lag behind before it misses some
PATIENCE = 10.0  # seconds for a client that takes nothing, or says nothing

Self = TypeVar("Self", bound="StreamServer")

Pictures = Path | Iterable[Image] | Callable[[], Iterator[Image]]
"""A video file, which is repeated for ever, or pictures ``(H, W, 3)`` BGR of one size; a stream ends with them."""


class Chunk(NamedTuple):
    """A part of a stream. key: whether a client may begin with it."""

    data: bytes
    key: bool


class StreamServer:
    """Takes pictures at a steady rate, and sends them as chunks to all clients.

    rate: pictures a second. stamped: each picture carries the time when it was sent, see `stamps.py`. A client
    that is slow or gone misses chunks; nobody waits for it. `join` waits for the end of the pictures.
    """

    scheme = "tcp"
    path = ""

    def __init__(self, pictures: Pictures, rate: float = 25.0, stamped: bool = False) -> None:
        self.rate = rate
        self.sent = 0
        self._pictures = pictures
        self._stamped = stamped
        self._clients: list[Client] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener: socket.socket | None = None
        self._port = 0
        self._thread = threading.Thread(target=self._send_all, name="streaming", daemon=True)

    @property
    def url(self) -> str:
        """Where clients find the stream."""
        return f"{self.scheme}://{LOOPBACK}:{self._port}{self.path}"

    @property
    def clients(self) -> int:
        """How many are being served."""
        with self._lock:
            return len(self._clients)

    def __enter__(self: Self) -> Self:
        self.accept()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_sending()
        self.refuse()
        self.drop()

    def _stop_sending(self) -> None:
        self._stop.set()
        self._flowing.set()
        self._thread.join()

    def join(self, timeout: float = PATIENCE) -> None:
        """Wait until all pictures are sent."""
        self._thread.join(timeout)

    def drop(self) -> None:
        """End all connections. New ones are welcome, unless `refuse` was called."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def refuse(self) -> None:
        """Take no new connections: nobody listens any more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
            listener.close()

    def accept(self) -> None:
        """Take new connections, at the same address as before."""
        if self._listener is None:
            self._listener = socket.create_server((LOOPBACK, self._port))
            self._port = self._listener.getsockname()[1]
            threading.Thread(target=self._welcome_all, args=(self._listener,), daemon=True).start()

    def stall(self) -> None:
        """Send nothing, without ending any connection."""
        self._flowing.clear()

    def resume(self) -> None:
        """Send again after `stall`."""
        self._flowing.set()

    def _encode(self, picture: Image) -> Chunk:
        raise AssertionError("a kind of stream says how it sends")

    def _greet(self, connection: socket.socket) -> bool:
        """What is said before the stream; False for a client that shall get none."""
        return True

    def _send_all(self) -> None:
        began, count = time.monotonic(), 0
        for picture in iterate(self._pictures):
            delay = began + count / self.rate - time.monotonic()
            if self._stop.wait(max(0.0, delay)):
                return
            if delay < -1.0 or not self._flowing.is_set():  # there is no catching up
                self._flowing.wait()
                began, count = time.monotonic(), 0
            count += 1
            self._send(stamp(picture, milliseconds()) if self._stamped else picture)
            self.sent += 1
        self.refuse()
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            client.finish()

    def _send(self, picture: Image) -> None:
        chunk = self._encode(picture)
        with self._lock:
            self._clients = [client for client in self._clients if client.is_there]
            for client in self._clients:
                client.send(chunk)

    def _welcome_all(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._welcome, args=(connection,), daemon=True).start()

    def _welcome(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._greet(connection):
                with self._lock:
                    self._clients.append(Client(connection))
                return
        except OSError:
            pass
        connection.close()


class Client:
    """One connection, served by a thread of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self.is_there = True
        self._connection = connection
        self._waits_for_key = True
        self._chunks = queue.Queue[bytes | None](BACKLOG)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, chunk: Chunk) -> None:
        """Send a chunk as soon as may be, or leave out all up to the next key frame."""
        self._waits_for_key &= not chunk.key
        if not self._waits_for_key:
            try:
                self._chunks.put_nowait(chunk.data)
            except queue.Full:
                self._waits_for_key = True

    def finish(self) -> None:
        """End the connection when everything has been sent."""
        with contextlib.suppress(queue.Full):
            self._chunks.put_nowait(None)
        self._thread.join(PATIENCE)

    def close(self) -> None:
        """End the connection now."""
        self.is_there = False
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        with contextlib.suppress(queue.Full):
            self._chunks.put_nowait(None)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while (data := self._chunks.get()) is not None and self.is_there:
                self._connection.sendall(data)
        self.close()


def iterate(pictures: Pictures) -> Iterator[Image]:
    """The pictures one by one; those of a file again and again."""
    if isinstance(pictures, Path):
        return repeat_video(pictures)
    return pictures() if callable(pictures) else iter(pictures)


def repeat_video(path: Path) -> Iterator[Image]:
    """The frames of a video file, without end. Raises ValueError for one that has none."""
    while True:
        capture, count = cv2.VideoCapture(str(path)), 0
        while (read := capture.read())[0]:
            count += 1
            yield np.asarray(read[1], dtype=np.uint8)
        capture.release()
        if not count:
            raise ValueError(f"{path} has no frames")
