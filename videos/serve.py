"""Serve a clip on this computer as a network camera would: live, without an end, over HTTP as MPEG-TS.

usage: python videos/serve.py [CLIP.mp4] [--port 8554]

Every viewer gets the clip from its start, in real time, again and again: a camera for `keeptrack http://...`.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import av
from av.video.stream import VideoStream

WALKERS = Path(__file__).with_name("walkers.mp4")


def packets_without_end(clip: Path) -> Iterator[av.Packet[VideoStream]]:
    """The packets of a clip's first picture track, over and over, with times that go on."""
    shift = 0
    while True:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            end = 0
            for packet in container.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                yield packet
            shift += end


class Camera(BaseHTTPRequestHandler):
    """Answers any request with the stream."""

    clip: ClassVar[Path] = WALKERS

    def do_GET(self) -> None:
        """Send packets at their times until the viewer goes away."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        start = time.monotonic()
        try:
            with av.open(str(self.clip)) as like, av.open(self.wfile, "w", format="mpegts") as live:
                live.add_stream_from_template(like.streams.video[0])
                for packet in packets_without_end(self.clip):
                    due = float((packet.dts or 0) * packet.time_base)
                    time.sleep(max(0.0, start + due - time.monotonic()))
                    packet.stream = live.streams.video[0]
                    live.mux(packet)
                    self.wfile.flush()
        except (OSError, av.FFmpegError):
            pass  # the viewer has gone

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=WALKERS)
    parser.add_argument("--port", type=int, default=8554)
    arguments = parser.parse_args()
    Camera.clip = arguments.clip
    with ThreadingHTTPServer(("127.0.0.1", arguments.port), Camera) as server:
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_port}/{arguments.clip.stem}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
