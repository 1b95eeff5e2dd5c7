"""The stream servers in a process of their own, so that they take no time from the run that is measured."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection

from benchmarks.live.rtsp import RtspServer, missing_rtsp
from benchmarks.live.stream_kinds import MjpegServer, TsHttpServer, TsTcpServer
from benchmarks.live.stream_server import StreamServer
from benchmarks.live.synthetic_scene import pictures

KINDS: dict[str, type[StreamServer]] = {
    "MJPEG over HTTP": MjpegServer,
    "MPEG-TS over HTTP": TsHttpServer,
    "MPEG-TS over TCP": TsTcpServer,
    "RTSP": RtspServer,
}


def kinds() -> tuple[list[str], list[str]]:
    """The kinds of streams that can be served here, and why others cannot."""
    missing = missing_rtsp()
    return [kind for kind in KINDS if kind != "RTSP" or missing is None], [missing] if missing else []


@contextmanager
def serving(kind: str, rate: int) -> Iterator[str]:
    """The address of a stamped stream of `benchmarks.live.synthetic_scene`, for as long as the block lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(kind, rate, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(kind: str, rate: int, pipe: Connection) -> None:
    with KINDS[kind](partial(pictures, rate), rate, stamped=True) as server:
        pipe.send(server.url)
        pipe.recv()
