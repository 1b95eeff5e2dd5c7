"""Live sources against real servers: what is kept, what is told, what comes back."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.live.frame_stamps import age, milliseconds, read_stamp
from benchmarks.live.rtsp import RtspServer, missing_rtsp
from benchmarks.live.stream_kinds import MjpegServer, TsHttpServer, TsTcpServer
from benchmarks.live.stream_server import StreamServer
from detectors.errors import InputError
from tests.conftest import ROOT
from tests.moving import moving
from tests.tracker.sources.fake_connection import FakeConnection
from tracker.motion.cuts import mark_cuts
from tracker.sources import open_source, stream
from tracker.sources.base import Source
from tracker.sources.live import LONGEST_MEMORY, open_live
from tracker.sources.live_status import LiveStatus
from tracker.sources.stream_clock import JUMP

Kind = Callable[..., StreamServer]


@functools.cache
def why_no_rtsp() -> str | None:
    return missing_rtsp()


@pytest.fixture(params=[MjpegServer, TsHttpServer, TsTcpServer, RtspServer])
def kind(request: pytest.FixtureRequest) -> Kind:
    if request.param is RtspServer and why_no_rtsp():
        pytest.skip(str(why_no_rtsp()))
    return request.param  # type: ignore[no-any-return]


def live(source: Source) -> LiveStatus:
    assert source.live is not None
    return source.live


def close(source: Source) -> None:
    live(source).stop.set()
    source.frames.close()  # type: ignore[attr-defined]  # a generator


def test_a_stream_is_live_and_its_frames_carry_this_computers_time(kind: Kind) -> None:
    with kind(moving, 25) as server:
        source = open_source(server.url)
        frames = [next(source.frames) for _ in range(10)]
        assert (source.width, source.height, source.frame_count, source.path) == (320, 240, None, None)
        assert abs(live(source).time_of_day(live(source).now()).timestamp() - time.time()) < 5
        assert [frame.index for frame in frames] == list(range(1, 11))
        assert frames[0].time == 0.0
        assert (np.diff([frame.time for frame in frames]) > 0).all()
        assert -JUMP < live(source).now() - frames[-1].time < 1  # those that come in a burst are thought to be later
        close(source)


def test_the_first_picture_is_not_one_of_those_that_came_while_the_stream_was_opened(kind: Kind) -> None:
    with kind(moving, 25, stamped=True) as server:
        began = milliseconds()
        source = open_source(server.url)
        sent = read_stamp(next(source.frames).image)
        assert sent is not None
        assert age(sent) < 0.3 or age(began) - age(sent) > 0.3  # half a second of it was looked at
        close(source)


def test_a_stream_comes_back_with_time_going_on_and_no_cut(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    with kind(moving, 25) as server:
        source = open_source(server.url)
        frames = mark_cuts(source.frames)
        before = [next(frames) for _ in range(5)][-1]
        server.refuse()
        server.drop()
        back = threading.Timer(1.0, server.accept)
        back.start()
        after = before
        while live(source).reconnects == 0:
            after = next(frames)
            assert not after.cut
        back.join()
        assert after.index > before.index
        assert 0.8 < after.time - before.time < 4.0
        assert live(source).connected
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == 2
        assert "stream lost" in told[0]
        assert "back after" in told[1]
        close(source)


def test_without_reconnection_the_frames_end(kind: Kind) -> None:
    with kind(moving, 25) as server:
        source = open_source(server.url, reconnect=False)
        next(source.frames)
        server.drop()
        assert len(list(source.frames)) < 60
        assert live(source).reconnects == 0


def test_a_stall_is_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "READ_TIMEOUT", 0.5)
    with MjpegServer(moving, 25) as server:
        source = open_source(server.url)
        next(source.frames)
        server.stall()
        threading.Timer(1.0, server.resume).start()
        while live(source).reconnects == 0:
            frame = next(source.frames)
        assert frame.time > 0.5  # no sooner than the time-out
        close(source)


@pytest.mark.parametrize(("codec", "size"), [("mpeg4", None), ("libx265", None), ("libx264", (160, 120))])
def test_a_change_in_the_middle_is_survived(
    codec: str, size: tuple[int, int] | None, caplog: pytest.LogCaptureFixture
) -> None:
    with TsHttpServer(moving, 25) as server:
        source = open_source(server.url)
        next(source.frames)
        server.change(codec, size)
        shapes, end = set(), time.monotonic() + 60
        while time.monotonic() < end and not (
            live(source).reconnects or any("scaled" in text for text in caplog.messages)
        ):
            shapes.add(next(source.frames).image.shape)
        shapes |= {next(source.frames).image.shape for _ in range(10)}
        assert time.monotonic() < end
        assert shapes == {(240, 320, 3)}
        assert sum("scaled" in text for text in caplog.messages) == (size is not None)
        close(source)


@pytest.mark.parametrize(("gap", "cut"), [(LONGEST_MEMORY - 1, False), (LONGEST_MEMORY + 1, True)])
def test_only_a_gap_longer_than_any_memory_is_a_cut(gap: float, cut: bool) -> None:
    def connect(_timeout: float, again: bool) -> FakeConnection:
        assert again
        live(source).zero -= gap  # as if that much time had passed
        return FakeConnection(2)

    source = open_live(FakeConnection(2), connect, "camera", "camera", reconnect=True)
    frames = [next(source.frames) for _ in range(4)]
    assert [frame.cut for frame in frames] == [False, False, cut, False]
    close(source)


def test_a_finite_video_on_a_web_server_is_a_file() -> None:
    handler = functools.partial(Quiet, directory=str(ROOT / "videos"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = open_source(f"http://user:secret@127.0.0.1:{server.server_port}/crossing.mp4")
        frames, plain = list(source.frames), list(open_source(ROOT / "videos" / "crossing.mp4").frames)
        server.shutdown()
    assert not source.live
    assert re.fullmatch(rf"127\.0\.0\.1-{server.server_port}-[0-9a-f]{{6}}", source.name)
    assert [frame.time for frame in frames] == [frame.time for frame in plain]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Keep the test's output clean."""


def why(url: str) -> str:
    with pytest.raises(InputError) as caught:
        open_source(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_wrong_with_an_address_is_told_without_its_password() -> None:
    assert "refuses the connection" in why("http://me:secret@127.0.0.1:9/x")
    assert "refuses the connection" in why("rtsp://me:secret@127.0.0.1:9/x")
    assert "no computer is known as no-such-host.invalid" in why("rtsp://me:secret@no-such-host.invalid/x")
    assert "abc:// is not known" in why("abc://me:secret@127.0.0.1/x")
    with MjpegServer(moving, 25, user="me", password="right") as server:
        assert "wrong or missing user or password" in why(server.url.replace("//", "//me:secret@"))
        known = server.url.replace("//", "//me:right@")
        assert "404" in why(known + "x?password=secret")
        assert "not with video" in why(known.replace("/stream.mjpg", "/page"))
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(InputError, match=r"nothing came for 0\.5 seconds"):
        stream.Stream(f"http://127.0.0.1:{silent.getsockname()[1]}/x", 0.5)


def test_rtsp_errors_are_told() -> None:
    if why_no_rtsp():
        pytest.skip(str(why_no_rtsp()))
    with RtspServer(moving, 25, user="me", password="right") as server:
        assert "wrong or missing user or password" in why(server.url.replace("//", "//me:secret@"))
        assert "404" in why(server.url.replace("//", "//me:right@") + "x")


def start(*arguments: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tracker", *map(str, arguments), "--detector", "motion", "--appearance", "none"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_whole_run_is_interrupted_and_leaves_whole_files(tmp_path: Path) -> None:
    lines, video, stats = tmp_path / "a.jsonl", tmp_path / "a.mp4", tmp_path / "a.json"
    with MjpegServer(moving, 25) as server:
        run = start(server.url, "-o", video, "--jsonl", lines, "--stats", stats, "--quiet")
        _wait_until(lambda: server.clients == 1)
        sent = server.sent
        _wait_until(lambda: server.sent > sent + 60)
        server.refuse()
        server.drop()
        server.accept()
        _wait_until(lambda: server.clients == 1)
        sent = server.sent
        _wait_until(lambda: server.sent > sent + 25)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert errors.count("warning: ") == 2
    frames = [json.loads(line) for line in lines.read_text().splitlines()]
    told = json.loads(stats.read_text())
    assert told["reconnects"] == 1
    between = frames[-1]["index"] - frames[0]["index"] + 1 - len(frames)
    assert between <= told["skipped"] <= between + 25  # more may have come while the last one was tracked
    with av.open(str(video)) as container:
        assert abs(sum(1 for _ in container.decode(video=0)) - len(frames)) <= 1


@pytest.mark.parametrize("moment", ["opening", "away"])
def test_ctrl_c_ends_a_run_at_once_while_it_waits(moment: str, tmp_path: Path) -> None:
    with MjpegServer(moving, 25) as server, socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as waiting:
        if moment == "opening":
            run = start(f"http://127.0.0.1:{silent.getsockname()[1]}/x", "-o", "none")
            waiting.enter_context(silent.accept()[0])
        else:
            run = start(server.url, "-o", "none")
            _wait_until(lambda: server.clients == 1)
            sent = server.sent
            _wait_until(lambda: server.sent > sent + 40)
            server.refuse()
            server.drop()
            assert run.stderr is not None
            assert "stream lost" in run.stderr.readline()
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert time.monotonic() - began < 5.0


def _wait_until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
