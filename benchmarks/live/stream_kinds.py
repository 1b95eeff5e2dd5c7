"""Stream servers by kind, for tests and measurements; all can fail on demand.

MJPEG over HTTP, and H.264 in MPEG-TS over HTTP or plain TCP; rtsp.py has RTSP, stamps.py tells how old a picture is.
Each server is a context manager that sends the pictures it is given at a steady rate to whoever is connected::

    with MjpegServer(Path("videos/crossing.mp4"), rate=25) as server:
        capture = cv2.VideoCapture(server.url)
        server.drop()
"""

from __future__ import annotations

import base64
import socket

import cv2

from benchmarks.live.mpegts import MpegTsEncoder
from benchmarks.live.stream_server import Chunk, Pictures, StreamServer
from detectors.base import Image

PAGE = b"<!DOCTYPE html><title>A page</title><p>Nothing moves here."


class HttpServer(StreamServer):
    """Over HTTP. user, password: must be given by clients, unless None. ``/page`` is a page, not a stream."""

    scheme = "http"
    path = "/stream"
    content_type = "video/mp2t"

    def __init__(
        self,
        pictures: Pictures,
        rate: float = 25.0,
        stamped: bool = False,
        user: str | None = None,
        password: str = "",
    ) -> None:
        super().__init__(pictures, rate, stamped)
        self._secret = None if user is None else base64.b64encode(f"{user}:{password}".encode())

    def _greet(self, connection: socket.socket) -> bool:
        request = b""
        while b"\r\n\r\n" not in request and (part := connection.recv(4096)):
            request += part
        path = [*request.split(), b"", b""][1].decode("latin-1")
        if self._secret is not None and b"Authorization: Basic " + self._secret not in request:
            connection.sendall(_answer("401 Unauthorized", 'WWW-Authenticate: Basic realm="stream"'))
        elif path == "/page":
            connection.sendall(_answer("200 OK", "Content-Type: text/html", f"Content-Length: {len(PAGE)}") + PAGE)
        elif path != self.path:
            connection.sendall(_answer("404 Not Found"))
        else:
            connection.sendall(_answer("200 OK", f"Content-Type: {self.content_type}", "Cache-Control: no-store"))
            return True
        return False


class MjpegServer(HttpServer):
    """A JPEG picture after the other, as cheap network cameras send them."""

    path = "/stream.mjpg"
    content_type = "multipart/x-mixed-replace; boundary=frame"

    def _encode(self, picture: Image) -> Chunk:
        data = cv2.imencode(".jpg", picture)[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
        return Chunk(head.encode() + data + b"\r\n", key=True)


class _MpegTsServer(StreamServer):
    """What both ways to send MPEG-TS have in common."""

    _transport: MpegTsEncoder | None = None

    def change(self, codec: str = "libx264", size: tuple[int, int] | None = None) -> None:
        """Go on with another codec, or pictures of another size, in the connections that there are."""
        self._transport = MpegTsEncoder(self.rate, codec, size)

    def _encode(self, picture: Image) -> Chunk:
        self._transport = self._transport or MpegTsEncoder(self.rate)
        return self._transport.encode(picture)


class TsHttpServer(_MpegTsServer, HttpServer):
    """MPEG-TS over HTTP."""

    path = "/stream.ts"


class TsTcpServer(_MpegTsServer):
    """MPEG-TS over plain TCP."""


def _answer(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.0 {status}", *headers, "Connection: close", "", ""]).encode()
