"""Several sources in one process: each gets what it would get alone, and nobody's failure is another's."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from detectors import sliding
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.messages.http_server import wait_until
from tracker.multi_source.fleet import Fleet
from tracker.multi_source.sources_file import NamedSource
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.run.viewers import Viewers
from videos.serve import Camera

TRUTH = ROOT / "videos" / "crossing.txt"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crossing: Path) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(crossing, "clip.mp4")


class Observed:
    """Remembers what it is told. started: how often each source was."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.frames: dict[str, int] = {}
        self.troubles: list[tuple[str, str, bool]] = []
        self.how: dict[str, str] = {}

    def started(self, name: str, run: Run) -> None:
        self.begun.append(name)

    def advanced(self, name: str, run: Run) -> None:
        self.frames[name] = run.state.frames

    def ended(self, name: str, run: Run, how: str) -> None:
        self.how[name] = how

    def failed(self, name: str, error: Exception, again: bool) -> None:
        self.troubles.append((name, str(error), again))


def fleet_of(observer: Observed, **sources: str) -> Fleet:
    light = Options(detector="motion", appearance="none")
    named = [NamedSource(name, source, light) for name, source in sources.items()]
    return Fleet(named, lambda _, options: Viewers(options), observer)


@contextmanager
def camera(port: int = 0) -> Iterator[int]:
    """The clip as a camera; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Clip", (Camera,), {"clip": Path("clip.mp4").resolve()}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def test_each_gets_what_it_would_get_alone_and_a_failure_stays_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = []
    load = sliding.SlidingDetector.__init__

    def count(self: sliding.SlidingDetector, *given: Any, **named: Any) -> None:
        loaded.append(self)
        load(self, *given, **named)

    monkeypatch.setattr(sliding.SlidingDetector, "__init__", count)
    Path("s.toml").write_text(
        'output = "none"\njsonl = "{name}.jsonl"\nmax-frames = 30\n'
        '[sources.a]\nsource = "clip.mp4"\n'
        '[sources.b]\nsource = "clip.mp4"\nline = "middle:160,0,160,240"\nstart = 1.0\n'
        f'[sources.c]\nsource = "clip.mp4"\ndetections = "{TRUTH}"\n'
        '[sources.gone]\nsource = "nowhere.mp4"\n'
    )
    assert run("--sources", "s.toml", "--appearance", "none") == 1
    assert len(loaded) == 1, "one model for all"
    out, err = capsys.readouterr()
    assert "4 sources" in out
    assert "a: done: 30 frames" in out
    why, last = err.splitlines()
    assert why == "warning: gone: nowhere.mp4: no such file (check the path)"
    assert last == "error: s.toml: 1 of 4 sources failed: gone (the warnings above say why)"
    alone = ["--appearance", "none", "-o", "none", "--max-frames", "30", "--quiet", "--jsonl"]
    assert run("clip.mp4", *alone, "a1.jsonl") == 0
    assert run("clip.mp4", *alone, "b1.jsonl", "--line", "middle:160,0,160,240", "--start", "1") == 0
    assert run("clip.mp4", *alone, "c1.jsonl", "--detections", TRUTH) == 0
    for name in "abc":
        assert Path(f"{name}.jsonl").read_text() == Path(f"{name}1.jsonl").read_text()


def test_a_camera_that_is_away_at_first_is_opened_when_it_comes() -> None:
    observer = Observed()
    with camera() as port:
        pass
    with fleet_of(observer, late=f"http://127.0.0.1:{port}/", file="clip.mp4") as fleet:
        wait_until(lambda: observer.how.get("file") == "done")
        wait_until(lambda: observer.troubles)
        with camera(port):
            wait_until(lambda: observer.frames.get("late", 0) > 2)
    assert {again for _, _, again in observer.troubles} == {True}
    assert {name for name, _, _ in observer.troubles} == {"late"}
    assert observer.begun.count("file") == 1
    assert observer.how["late"] == "stopped"
    assert fleet.failed == []


def test_an_error_that_nobody_has_foreseen_is_that_sources_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Observed()
    take = Run._track

    def fail(self: Run) -> Iterator[object]:
        if self.options.source_name == "bad":
            raise ZeroDivisionError("oops")
        return take(self)

    monkeypatch.setattr(Run, "_track", fail)
    light = {"detector": "motion", "appearance": "none", "max_frames": 20}
    named = [NamedSource(name, "clip.mp4", Options(source_name=name, **light)) for name in ("bad", "good")]  # type: ignore[arg-type]
    with Fleet(named, lambda _, options: Viewers(options), observer) as fleet:
        fleet.wait()
    assert fleet.failed == ["bad"]
    [(name, error, again)] = observer.troubles
    assert (name, again) == ("bad", False)
    assert "ZeroDivisionError: oops" in error
    assert observer.frames["good"] == 20


def test_all_are_stopped_and_their_files_closed() -> None:
    observer = Observed()
    options = Options(detector="motion", appearance="none", jsonl="a.jsonl", source_name="a")
    with camera() as port:
        named = [NamedSource("a", f"http://127.0.0.1:{port}/", options)]
        with Fleet(named, lambda _, options: Viewers(options), observer):
            wait_until(lambda: observer.frames.get("a", 0) > 2)
    assert observer.how == {"a": "stopped"}
    lines = Path("a.jsonl").read_text().splitlines()
    assert len(lines) == len([json.loads(line) for line in lines]) > 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--sources", "s.toml", "clip.mp4"], 2, "--sources names the sources, and SOURCE another"),
        (["--sources", "nowhere.toml"], 1, "nowhere.toml: cannot be read: No such file"),
        (["--sources", "s.toml", "--show"], 1, "--show: is for one source"),
        (["--sources", "s.toml", "--detector", "nowhere.onnx"], 1, "nowhere.onnx: no such model file"),
        (["0", "1"], 2, "keeptrack --sources FILE.toml tracks several at once"),
        (["clip.mp4", "--source-name", "a/b"], 1, "--source-name: is no name for files"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("s.toml").write_text('[sources.a]\nsource = "clip.mp4"\n')
    assert run(*arguments) == status
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_source_is_called_as_one_likes() -> None:
    assert run("clip.mp4", "--detections", TRUTH, "--source-name", "front door", "--max-frames", "5", "--quiet") == 0
    assert Path("front door.tracked.mp4").exists()
