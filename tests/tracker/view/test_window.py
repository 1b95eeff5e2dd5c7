"""The window, on a display of its own, with real keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from benchmarks.live.viewers import repeated
from detectors import InputError
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import frame_times
from tests.tracker.view.pages import make_frame, make_source
from tracker.view import display_check, window
from tracker.view.display_check import answers, check_display

PATIENCE = 60.0


@pytest.fixture
def display() -> Iterator[str]:
    """A display that nobody sees."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("no Xvfb and xdotool on this system")
    if "QT" not in cv2.getBuildInformation().partition("GUI:")[2][:40]:
        pytest.skip("this OpenCV opens no windows")
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().decode().strip()}"
        server.terminate()


def xdotool(display: str, *words: str) -> str:
    """What xdotool says; it waits for the window itself."""
    environment = os.environ | {"DISPLAY": display}
    done = subprocess.run(
        ["xdotool", *words], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.stdout.strip()


@pytest.mark.parametrize("how", ["q", "Escape"])
def test_the_window_ends_the_run(crossing: Path, tmp_path: Path, display: str, how: str) -> None:
    clip = repeated(crossing, 150, tmp_path / "walkers.mp4")
    command = [sys.executable, "-m", "tracker", str(clip), "--detector", "motion", "--appearance", "none", "--show"]
    command += ["-o", str(tmp_path / "out.mp4"), "--quiet"]
    environment = os.environ | {"DISPLAY": display}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        number = xdotool(display, "search", "--sync", "--onlyvisible", "--name", "walkers").split()[0]
        xdotool(display, "windowfocus", "--sync", number, "key", how)
        try:
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert frame_times(tmp_path / "out.mp4")


def test_space_stops_a_file_and_lets_it_go_on(crossing: Path, tmp_path: Path, display: str) -> None:
    clip, text = repeated(crossing, 150, tmp_path / "walkers.mp4"), tmp_path / "out.txt"
    command = [sys.executable, "-m", "tracker", str(clip), "--detector", "motion", "--appearance", "none", "--show"]
    command += ["-o", "none", "--jsonl", str(text), "--quiet"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DISPLAY": display}) as process:
        number = xdotool(display, "search", "--sync", "--onlyvisible", "--name", "walkers").split()[0]
        xdotool(display, "windowfocus", "--sync", number, "key", "space")
        assert xdotool(display, "search", "--sync", "--name", "standing still")
        stands = text.stat().st_size
        time.sleep(0.2)
        assert text.stat().st_size == stands
        xdotool(display, "key", "space")
        until = time.monotonic() + PATIENCE
        while text.stat().st_size == stands and time.monotonic() < until:
            time.sleep(0.02)
        assert text.stat().st_size > stands
        xdotool(display, "key", "q")
        assert process.wait(PATIENCE) == 0


def test_closing_the_window_ends_the_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("namedWindow", "resizeWindow", "imshow", "setWindowTitle"):
        monkeypatch.setattr(cv2, name, lambda *_: None)
    monkeypatch.setattr(cv2, "pollKey", lambda: -1)
    monkeypatch.setattr(cv2, "getWindowImageRect", lambda _: (0, 0, 160, 120))
    visible = [1.0, 0.0]
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: visible.pop(0))
    shown = window.Window(make_source())
    shown.show(make_frame(1).image)
    assert not shown.closed
    shown.poll_keys()
    assert shown.closed
    assert not shown.wants_picture()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY is of X")
@pytest.mark.parametrize(
    ("display", "why"), [("", "there is no display"), (":4711", "does not answer"), ("x", "answer")]
)
def test_without_a_display_one_line_says_so(monkeypatch: pytest.MonkeyPatch, display: str, why: str) -> None:
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "GUI:   QT5")
    with pytest.raises(InputError, match=why):
        check_display()


def test_the_headless_opencv_is_told_from_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:                           NONE\n")
    with pytest.raises(InputError, match="pip install --force-reinstall opencv-python"):
        check_display()


def test_a_display_that_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display_check, "TRY", "raise SystemExit('Authorization required')")
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "GUI:   QT5")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    with pytest.raises(InputError, match="no window can be opened: Authorization required"):
        check_display()


def test_where_nothing_listens_nothing_answers() -> None:
    assert not answers("127.0.0.1:59000")
    assert not answers("nonsense")
