"""The stream servers that tests and measurements rely on."""

from __future__ import annotations

import contextlib
import functools
import socket
import time
from collections.abc import Callable, Iterator

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.live.frame_stamps import age, read_stamp, stamp
from benchmarks.live.rtsp import RtspServer, missing_rtsp
from benchmarks.live.stream_kinds import MjpegServer, TsHttpServer, TsTcpServer
from benchmarks.live.stream_server import StreamServer
from tests.moving import moving

TIMEOUT = (10.0, 5.0)
QUICK = {"rtsp_transport": "tcp", "analyzeduration": "100000", "probesize": "100000"}


@functools.cache
def why_no_rtsp() -> str | None:
    return missing_rtsp()


@pytest.fixture(params=[MjpegServer, TsHttpServer, TsTcpServer, RtspServer])
def kind(request: pytest.FixtureRequest) -> Callable[..., StreamServer]:
    if request.param is RtspServer and why_no_rtsp():
        pytest.skip(str(why_no_rtsp()))
    return request.param  # type: ignore[no-any-return]


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return as soon as something is so; fail when it takes too long."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def stamps_of(url: str, options: dict[str, str] = QUICK) -> Iterator[int | None]:
    with av.open(url, timeout=TIMEOUT, options=options) as container:
        for frame in container.decode(video=0):
            yield read_stamp(np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8))


@given(st.integers(0, 2**32 - 1), st.sampled_from([(320, 240), (640, 360), (1280, 720)]), st.integers(0, 255))
def test_a_stamp_survives_jpeg_and_scaling(number: int, size: tuple[int, int], grey: int) -> None:
    picture = stamp(np.full((size[1], size[0], 3), grey, np.uint8), number)
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    coded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    assert read_stamp(coded) == number
    assert read_stamp(np.asarray(cv2.resize(coded, (480, 300)), np.uint8)) == number


def test_no_stamp_is_read_where_there_is_none() -> None:
    rng = np.random.default_rng(1)
    assert read_stamp(np.zeros((240, 320, 3), np.uint8)) is None
    for _ in range(50):
        assert read_stamp(np.kron(rng.integers(0, 2, (16, 64, 1)) * 255, np.ones((15, 5, 3))).astype(np.uint8)) is None


def test_pictures_come_at_the_rate_that_was_asked_for_and_tell_their_age(kind: Callable[..., StreamServer]) -> None:
    with kind(moving, 25, stamped=True) as server:
        numbers = stamps_of(server.url)
        for _ in range(30):
            last = next(numbers)
        began, sent = time.monotonic(), server.sent
        assert last is not None
        assert age(last) < 5
        for _ in range(15):
            number = next(numbers)
            assert number is not None
            assert 0 < number - last < 200
            last = number
        assert time.monotonic() - began == pytest.approx(15 / 25, abs=0.3)
        assert server.sent - sent == pytest.approx(15, abs=7)


def test_a_dropped_client_is_refused_and_then_welcome_again(kind: Callable[..., StreamServer]) -> None:
    with kind(moving, 50, stamped=True) as server:
        pictures = stamps_of(server.url)
        next(pictures)
        server.refuse()
        server.drop()
        try:
            while True:
                next(pictures)
        except (StopIteration, OSError):
            pass
        wait_until(lambda: not is_open(server.url))
        server.accept()
        wait_until(lambda: is_open(server.url))
        assert next(stamps_of(server.url)) is not None


def is_open(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0])), 1.0).close()
    except OSError:
        return False
    return True


def test_a_client_that_reads_nothing_holds_nobody_up() -> None:
    with TsTcpServer(lambda: moving(width=640, height=480), 200, stamped=True) as server:
        idle = socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])))
        wait_until(lambda: server.clients == 1)
        began = server.sent
        wait_until(lambda: server.sent >= began + 200)
        assert next(stamps_of(server.url)) is not None
        idle.close()


def test_a_stalled_stream_sends_nothing_until_it_goes_on() -> None:
    with MjpegServer(moving, 50, stamped=True) as server:
        pictures = stamps_of(server.url)
        next(pictures)
        server.stall()
        wait_until(lambda: _stands_still(server))
        server.resume()
        sent = server.sent
        wait_until(lambda: server.sent > sent + 5)
        assert None not in [next(pictures) for _ in range(10)]


def _stands_still(server: StreamServer) -> bool:
    sent = server.sent
    time.sleep(0.1)  # five pictures
    return server.sent == sent


def test_a_stream_ends_with_its_pictures() -> None:
    with MjpegServer(lambda: moving(30), 100) as server:
        assert len(list(_until_error(server.url))) > 5


def _until_error(url: str) -> Iterator[int | None]:
    with contextlib.suppress(OSError):  # what FFmpeg makes of an end without a last boundary
        yield from stamps_of(url)


def test_a_user_must_be_known_and_a_page_is_no_stream() -> None:
    with MjpegServer(moving, 50, user="me", password="secret") as server:
        for url in (server.url, server.url.replace("//", "//me:wrong@")):
            with pytest.raises(av.HTTPUnauthorizedError):
                next(stamps_of(url))
        known = server.url.replace("//", "//me:secret@")
        next(stamps_of(known))
        with pytest.raises(av.InvalidDataError):
            next(stamps_of(known.replace("/stream.mjpg", "/page")))
        with pytest.raises(av.HTTPNotFoundError):
            next(stamps_of(known + "x"))


@pytest.mark.parametrize(("codec", "size"), [("mpeg4", None), ("libx265", None), ("libx264", (160, 120))])
def test_a_transport_stream_changes_in_the_middle(codec: str, size: tuple[int, int] | None) -> None:
    with TsHttpServer(moving, 50) as server:
        next(stamps_of(server.url))
        server.change(codec, size)
        sent = server.sent
        wait_until(lambda: server.sent > sent + 2)
        with av.open(server.url, timeout=TIMEOUT, options=QUICK) as container:
            context = container.streams.video[0].codec_context
            assert (context.width, context.height) == (size or (320, 240))
            assert context.name == {"mpeg4": "mpeg4", "libx265": "hevc", "libx264": "h264"}[codec]
