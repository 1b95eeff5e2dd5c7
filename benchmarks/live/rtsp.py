"""A stream server for RTSP, like those of `benchmarks.live.stream_kinds`, where the system has GStreamer's."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import threading
from pathlib import Path

from benchmarks.live.stream_server import Pictures, StreamServer, iterate
from detectors.base import Image

PYTHON = "/usr/bin/python3"  # the one that Debian's python3-gi belongs to
SCRIPT = Path(__file__).with_name("rtsp_server.py")
NEEDED = "gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
PLUGINS = ("x264enc", "rtph264pay", "jpegenc", "appsrc")


def missing_rtsp() -> str | None:
    """Why this system cannot serve RTSP; None where it can."""
    if shutil.which(PYTHON) is None:
        return f"no {PYTHON}"
    check = f"import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); {NEEDED}; "
    check += f"assert all(Gst.ElementFactory.find(name) for name in {PLUGINS})"
    found = subprocess.run([PYTHON, "-c", check], capture_output=True, timeout=60, check=False)
    return None if found.returncode == 0 else "no GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0 and plugins)"


class RtspServer(StreamServer):
    """H.264, or motion JPEG, over RTSP. codec: ``h264`` or ``mjpeg``. user, password: must be given, unless None."""

    scheme = "rtsp"
    path = "/stream"

    def __init__(
        self,
        pictures: Pictures,
        rate: int = 25,
        stamped: bool = False,
        codec: str = "h264",
        user: str | None = None,
        password: str = "",
    ) -> None:
        super().__init__(pictures, rate, stamped)
        self._options = ["--codec", codec, *(["--user", user, "--password", password] if user is not None else [])]
        self._speaking = threading.Lock()

    def __enter__(self) -> RtspServer:
        coming = iterate(self._pictures)
        first = next(coming)
        self._pictures = itertools.chain([first], coming)
        size = [str(first.shape[1]), str(first.shape[0]), str(round(self.rate))]
        command = [PYTHON, str(SCRIPT), *size, *self._options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_sending()
        self.end()

    def end(self) -> None:
        """End the server, as when a camera loses its power."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def drop(self) -> None:
        """End all connections."""
        self._say(b"D")

    def refuse(self) -> None:
        """Take no new connections."""
        self._say(b"R")

    def accept(self) -> None:
        """Take new connections, at the same address as before."""
        self._say(b"A")

    def _send(self, picture: Image) -> None:
        self._say(b"P" + picture.tobytes())

    def _say(self, command: bytes) -> None:
        assert self._process.stdin is not None
        with self._speaking, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(command)
            self._process.stdin.flush()
