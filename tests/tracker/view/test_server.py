"""The page's server while a run goes on: real sockets, good viewers and bad ones."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.live.page_clients import request
from detectors import InputError, limits
from tests.conftest import ROOT
from tests.tracker.view.pages import make_frame, make_page, make_tracks
from tracker import track
from tracker.run import viewers
from tracker.view import connections
from tracker.view.address import Address, listen
from tracker.view.page_state import PageState
from tracker.view.server import Server, one_page

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"


class Served:
    """A page that is served, and where."""

    def __init__(self, token: str | None = None) -> None:
        self.page_state = make_page(frames=1)
        listening = listen(Address("127.0.0.1", 0), token)
        self.port = int(listening.getsockname()[1])
        self.server = Server(listening, self.page_state, token, one_page)

    def __enter__(self) -> Served:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60)

    def connect(self, path: str) -> socket.socket:
        """A viewer that asks, and reads only what the test reads."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(request(path))
        return connection


def feed(page: PageState, frames: int, shade: int = 90) -> float:
    """Show more frames; returns the longest time that one of them took."""
    longest = 0.0
    for index in range(frames):
        frame = make_frame(index + 2, shade=shade)
        start = time.perf_counter()
        page.update(frame, make_tracks(1, 2))
        page.show(frame, frame.image)
        longest = max(longest, time.perf_counter() - start)
        time.sleep(0.005)
    return longest


def test_a_picture_comes_as_soon_as_there_is_one() -> None:
    with Served() as served:
        number = int(served.get("/frame.jpg").headers["X-Number"])
        timer = threading.Timer(0.2, feed, (served.page_state, 30))
        timer.start()
        answer = served.get(f"/frame.jpg?after={number}")
        timer.join()
        assert int(answer.headers["X-Number"]) > number
        assert served.get("/state.json").json()["tracks"][0]["id"] == 1


def test_a_stream_brings_one_picture_after_the_other() -> None:
    with Served() as served, served.connect("/stream.mjpg") as viewer:
        data = b""
        while data.count(b"Content-Type: image/jpeg") < 3:
            feed(served.page_state, 20)
            data += viewer.recv(1 << 16)
    lengths = [int(found) for found in re.findall(rb"Content-Length: (\d+)", data)]
    assert data.partition(b"Content-Length: %d\r\n\r\n" % lengths[0])[2][:2] == b"\xff\xd8"


def test_viewers_that_read_nothing_or_vanish_hold_nobody_up() -> None:
    with Served() as served:
        silent = [served.connect(path) for path in ("/stream.mjpg", "/frame.jpg", "/state.json", "/snapshot.jpg") * 3]
        for viewer in silent[::2]:
            viewer.close()
        for rubbish in (b"\x16\x03\x01\x00\x00", b"GET / HTTP/1.1\r\n", b"GET /" + b"x" * 90000, b"\r\n\r\n"):
            silent.append(socket.create_connection(("127.0.0.1", served.port)))
            silent[-1].sendall(rubbish)
        assert feed(served.page_state, 60) < 5
        assert served.get("/frame.jpg").status_code == 200
        start = time.monotonic()
    assert time.monotonic() - start < 8
    for viewer in silent:
        viewer.close()


def test_whoever_waits_is_told_that_the_run_is_over() -> None:
    with Served() as served:
        served.get("/state.json")
        told: list[str] = []

        def follow() -> None:
            while not told or told[-1] != "over":
                told.append(json.loads(served.get("/state.json?after=9").content)["state"])

        viewer = threading.Thread(target=follow)
        viewer.start()
        time.sleep(0.05)
        waiting = served.connect(f"/frame.jpg?after={1 << 40}")
        start = time.monotonic()
    viewer.join(60)
    assert told[-1] == "over"
    assert time.monotonic() - start < 3
    assert waiting.recv(100).startswith(b"HTTP/1.1 204")
    waiting.close()
    with pytest.raises(httpx.ConnectError):
        served.get("/")


def test_nothing_is_printed_and_no_thread_is_left(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), Served() as served:
        served.get("/")
        served.connect("/stream.mjpg").close()
    assert capfd.readouterr() == ("", "")
    assert [thread.name for thread in threading.enumerate() if thread.name == "serving"] == []


def test_the_python_interface_serves_as_well(crossing: Path) -> None:
    with listen(Address("127.0.0.1", 0), None) as probe:
        port = probe.getsockname()[1]
    names: set[str] = set()
    for frame, _ in track(crossing, detections=DETECTIONS, view=port, view_token="word", max_frames=30):
        if frame.index == 20:
            state = httpx.get(f"http://127.0.0.1:{port}/state.json", headers={"Authorization": "Bearer word"}).json()
            names |= {name for name, _, _ in state["counts"]}
    assert state["source"]["name"] == "crossing"
    assert state["tracks"]
    assert names


def test_results_are_the_same_with_a_page(crossing: Path) -> None:
    def rows(view: int | None) -> list[list[int]]:
        return [tracks.track_ids.tolist() for _, tracks in track(crossing, detections=DETECTIONS, view=view)]

    assert rows(0) == rows(None)


def test_a_missing_server_library_is_named(crossing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "NEEDED", ("starlette", "no_such_library"))
    with pytest.raises(InputError, match=r"no_such_library not installed \(.*pip install '.*\[view\]'\)"):
        next(track(crossing, view=0))


def test_requests_that_never_end_make_room_and_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 20)
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT", 0.3)
    with Served() as served:
        held = []
        for _ in range(60):
            connection = socket.create_connection(("127.0.0.1", served.port), timeout=60)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-")
            held.append(connection)
        assert served.get("/state.json").status_code == 200
        for connection in held:  # each is closed, none hangs
            with contextlib.suppress(ConnectionResetError):
                assert connection.makefile("rb").read() in (b"", connections.REFUSAL_HEAD + connections.REFUSAL)
            connection.close()


def test_of_a_crowd_as_many_are_served_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 10)
    with Served() as served:
        crowd = [served.connect("/stream.mjpg?width=480") for _ in range(30)]
        answers = []
        for connection in crowd:
            with contextlib.suppress(ConnectionResetError):
                answers.append(connection.recv(12))
        assert answers.count(b"HTTP/1.1 200") == 10
        assert answers.count(b"HTTP/1.1 503") == 20  # told, not cut off
        for connection in crowd:
            connection.close()


def test_whoever_finds_no_room_is_told_so_and_served_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 2)
    with Served() as served:
        crowd = [served.connect("/stream.mjpg?width=480") for _ in range(2)]
        assert [connection.recv(12) for connection in crowd] == [b"HTTP/1.1 200"] * 2
        answer = served.get("/")
        assert (answer.status_code, answer.text) == (503, connections.REFUSAL.decode())
        for connection in crowd:
            connection.close()
        deadline = time.monotonic() + 60
        while served.get("/").status_code != 200:
            assert time.monotonic() < deadline


def test_a_run_with_a_page_may_have_enough_descriptors() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        connections.raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] in (connections.DESCRIPTORS, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_answer_does_not_wait_for_the_readers_acknowledgement() -> None:
    with Served() as served, httpx.Client(base_url=f"http://127.0.0.1:{served.port}") as client:
        assert client.get("/page.css").status_code == 200
        listening = served.server._socket
        assert listening.proto == socket.IPPROTO_TCP  # by which asyncio knows to send at once
