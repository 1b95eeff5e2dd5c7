"""What the screen says of a run: at what size it searches, and what to try where little was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from detectors import Detections, Frame
from detectors.tiles import TiledDetector
from tests.tracker.commands.test_cli import run
from tests.tracker.commands.test_status_log import run_of as live_run
from tracker.commands.interruption import Interrupted
from tracker.commands.run_progress import RunDisplay, searched
from tracker.run.advice import what_next, what_to_try
from tracker.run.options import Options


class Sized:
    """Searches at 640 pixels, and finds nothing."""

    name, suppressed, concurrent = "sized", True, True
    class_names: Mapping[int, str] = {}

    def search_size(self, height: int, width: int) -> int:
        return min(640, max(height, width))

    def __call__(self, frame: Frame) -> Detections:
        return Detections.empty()


def test_the_size_is_told_where_it_is_known() -> None:
    assert searched(Sized(), 1080, 1920) == "searched at 640, "
    assert searched(TiledDetector(Sized(), Sized(), 3), 1080, 1920) == "searched at 640 and in 3x3 tiles, "
    assert searched(TiledDetector(Sized(), Sized()), 360, 640) == "searched at 640, "
    assert searched(Sized(), 0, 0) == ""


def test_a_live_run_tells_how_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    live: Any = live_run()
    vars(live.source).update(name="yard", width=640, height=360, has_images=True, frame_rate=25)
    live.stages = SimpleNamespace(detector=Sized(), tracking=SimpleNamespace(embedding=None))
    live.sinks.viewers, live.options, live.expected_frames = SimpleNamespace(link=None), Options(), None
    now = [10.0]
    monkeypatch.setattr("tracker.commands.status_log.LiveReport.age", property(lambda report: now[0]))
    display = RunDisplay()
    display._console = Console(force_terminal=True, width=150, highlight=False)
    display.start(live)
    live.state.frames = 50
    display.advance(live)
    display.stop()
    printed = capsys.readouterr().out
    assert "until Ctrl-C" in printed
    assert "5.0 frames a second, 0 skipped, 41 ms behind; 2 here (2 person), 9 so far" in printed


def run_of(boxes: int, frames: int = 100, width: int = 1920, **options: Any) -> Any:
    source = SimpleNamespace(width=width, height=width * 9 // 16, has_images=True)
    state, stages = SimpleNamespace(boxes=boxes, frames=frames), SimpleNamespace(detector=Sized())
    return SimpleNamespace(options=Options(**options), source=source, state=state, stages=stages)


@pytest.mark.parametrize(
    ("poor", "advice"),
    [
        (run_of(3), "--imgsz 1920, or --tiles auto, or --detector motion, which finds whatever moves"),
        (run_of(0, tiles=2), "--imgsz 1920, or --detector motion, which finds whatever moves"),
        (run_of(0, width=320, conf=0.5), "a lower --conf, or --detector motion, which finds whatever moves"),
    ],
)
def test_where_little_was_found_it_says_what_to_try(poor: Any, advice: str) -> None:
    assert what_to_try(poor) == f"little was found; to find more, try {advice}"


@pytest.mark.parametrize("fine", [run_of(100), run_of(0, frames=3), run_of(0, detections="a.txt")])
def test_otherwise_it_says_nothing(fine: Any) -> None:
    assert what_to_try(fine) == ""


def test_a_run_says_both(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(crossing, "-o", "none", "--appearance", "none", "--classes", "bus", "--max-frames", "30") == 0
    printed = capsys.readouterr().out
    assert "320x240, searched at" in printed
    assert "little was found; to find more, try" in printed


@pytest.mark.parametrize(
    ("found", "options", "advice"),
    [
        ({"car": 1}, {}, r"--offline .*--line .*--jsonl .*keeptrack help"),
        ({"car": 1}, {"offline": True, "mot": "a.txt"}, r"--line [^-]*; keeptrack help"),
        ({"car": 1}, {"offline": True, "line": "a:0,0,1,1", "events": "a.jsonl"}, "^$"),
        ({}, {}, "^$"),
    ],
)
def test_it_says_what_else_can_be_done(found: dict[str, int], options: dict[str, Any], advice: str) -> None:
    done: Any = SimpleNamespace(options=Options(**options), class_counts=found, source=SimpleNamespace(live=None))
    assert re.search(advice, what_next(done))


def test_an_interrupted_run_says_so(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[int] = []

    def interrupt(display: RunDisplay, run: object) -> None:
        seen.append(1)
        if len(seen) == 5:
            raise Interrupted

    monkeypatch.setattr(RunDisplay, "advance", interrupt)
    run(crossing, "-o", "none", "--appearance", "none", "--detector", "motion")
    assert re.search(r"stopped   interrupted: \d+ of \d+ frames", capsys.readouterr().out)
