"""The Python interface: the whole job as an iterator."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import tracker
from detectors import InputError
from tests import scenes
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tracker import Detections, Frame, Tracker, track
from tracker.run import loading
from tracker.run import run as run_module
from tracker.run.detection import DetectionStage
from tracker.run.measurements import Measurements
from tracker.run.options import Options
from tracker.run.pipeline import track_frames
from tracker.run.run import Run
from tracker.run.tracking import TrackingStage
from tracker.sources import open_source
from tracker.sources.live_status import LiveStatus

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"


def test_track_gives_frames_with_their_tracks_and_writes_nothing(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = 0
    for frame, tracks in track(crossing, detections=DETECTIONS):
        seen += 1
        assert frame.index == seen
        assert frame.image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
        assert tracks.boxes.shape == (len(tracks), 4)
    assert seen == scenes.CROSSING_FRAMES
    assert list(tmp_path.iterdir()) == []


def test_frames_given_out_are_not_drawn_on(crossing: Path, tmp_path: Path) -> None:
    plain = [frame.image.copy() for frame, _ in track(crossing, detections=DETECTIONS, max_frames=20)]
    output = tmp_path / "out.mp4"
    drawn = [frame.image for frame, _ in track(crossing, detections=DETECTIONS, max_frames=20, output=output)]
    assert all(np.array_equal(a, b) for a, b in zip(plain, drawn, strict=True))
    assert output.stat().st_size > 1000


def test_stopping_early_finishes_the_files(crossing: Path, tmp_path: Path) -> None:
    for frame, _ in track(crossing, detections=DETECTIONS, jsonl=tmp_path / "out.jsonl", stats=tmp_path / "s.json"):
        if frame.index == 5:
            break
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 5


def test_the_same_run_twice_is_the_same(crossing: Path) -> None:
    runs = [
        [
            (frame.index, tracks.track_ids.tolist(), tracks.boxes.tolist())
            for frame, tracks in track(crossing, detector="motion")
        ]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


class Walkers:
    """Finds the walkers of the crossing, the same in a frame whenever it is asked; fails in one of them, if told."""

    name, suppressed, concurrent = "walkers", False, True
    class_names: Mapping[int, str] = {}

    def __init__(self, fails_in: int = 0) -> None:
        self.fails_in = fails_in

    def __call__(self, frame: Frame) -> Detections:
        if frame.index == self.fails_in:
            raise InputError(f"frame {frame.index}", "cannot be looked at", "look away")
        return scenes.noisy_detections(scenes.CROSSING, frame.index, np.random.default_rng(frame.index))


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_that_detect_ahead_change_nothing(crossing: Path, workers: int) -> None:
    def results(workers: int) -> list[bytes]:
        frames, measured = open_source(crossing).frames, Measurements()
        found = track_frames(frames, DetectionStage(Walkers(), workers=workers), TrackingStage(Tracker()), measured)
        rows = [tracks.track_ids.tobytes() + tracks.boxes.tobytes() for _, tracks in found]
        assert (measured.frames, measured.detector_calls) == (scenes.CROSSING_FRAMES, scenes.CROSSING_FRAMES)
        return rows

    assert results(workers) == results(0)


@pytest.mark.parametrize("options", [{}, {"start": 2.0, "end": 4.0}, {"max_frames": 7}])
def test_a_whole_run_detects_in_exactly_the_frames_it_needs(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, float]
) -> None:
    asked: list[int] = []

    class Watched(Walkers):
        def __call__(self, frame: Frame) -> Detections:
            asked.append(frame.index)
            return super().__call__(frame)

    monkeypatch.setattr(loading, "load_detector", lambda *_, **__: Watched())
    seen = [frame.index for frame, _ in track(crossing, appearance="none", **options)]
    assert sorted(asked) == seen


@pytest.mark.parametrize("live", [True, False])
def test_a_live_source_is_detected_in_frame_by_frame(
    crossing: Path, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    asked: list[int] = []
    threads: set[str] = set()

    class Watched(Walkers):
        def __call__(self, frame: Frame) -> Detections:
            asked.append(frame.index)
            threads.add(threading.current_thread().name)
            return super().__call__(frame)

    monkeypatch.setattr(
        run_module, "open_source", lambda *_: replace(open_source(crossing), live=LiveStatus() if live else None)
    )
    monkeypatch.setattr(loading, "load_detector", lambda *_, **__: Watched())
    ahead = [asked[-1] - frame.index for frame, _ in track(crossing, appearance="none")]
    assert (max(ahead) == 0) == live
    assert (threads == {"detecting"}) != live


def test_an_error_in_a_detecting_thread_is_told_in_one_line_with_the_files_closed(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "load_detector", lambda *_, **__: Walkers(fails_in=30))
    output, lines = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    assert run(crossing, "--appearance", "none", "-o", output, "--jsonl", lines, "--quiet") == 1
    assert capsys.readouterr().err == "error: frame 30: cannot be looked at (look away)\n"
    assert len(lines.read_text().splitlines()) == 29
    with av.open(str(output)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 29
    assert not {thread.name for thread in threading.enumerate()} & {"reading", "detecting", "encoding"}


def test_stopping_early_ends_all_threads(crossing: Path, tmp_path: Path) -> None:
    frames = track(crossing, appearance="none", output=tmp_path / "out.mp4")
    for _, frame in zip(range(5), frames, strict=False):
        assert frame is not None
    frames.close()
    assert not {thread.name for thread in threading.enumerate()} & {"reading", "detecting", "encoding"}


def test_classes_may_be_a_list(crossing: Path) -> None:
    _, tracks = next(iter(track(crossing, detector="motion", classes=["object"], start=4)))
    assert isinstance(tracks, tracker.Tracks)
    with pytest.raises(InputError, match="dragon"):
        next(track(crossing, classes=["dragon"]))


def test_unknown_options_are_type_errors(crossing: Path) -> None:
    with pytest.raises(TypeError, match="detectr"):
        next(track(crossing, detectr="auto"))


def test_the_six_lines_of_the_readme_work() -> None:
    own = Tracker()
    rng = np.random.default_rng(0)
    for frame in range(1, 20):
        found = scenes.noisy_detections(scenes.CROSSING, frame, rng)
        tracks = own.update(Detections(found.boxes, found.scores))
    assert tracks.track_ids.tolist() == [1, 2, 3, 4]
    with pytest.raises(AttributeError, match="nothing"):
        tracker.nothing  # noqa: B018


LEFT_OPEN = """
import sys
from tracker import track
frames = track(sys.argv[1], detector="motion", appearance="none", output="a.mp4", mot="a.txt", overwrite=True)
for _ in range(3):
    next(frames)
"""


def test_python_ends_well_while_a_generator_is_alive(crossing: Path, tmp_path: Path) -> None:
    command, environment = [sys.executable, "-c", LEFT_OPEN, str(crossing)], os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(2):
        with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as python:
            assert (python.communicate(timeout=120)[1], python.returncode) == ("", 0)
        with av.open(str(tmp_path / "a.mp4")) as container:
            assert sum(1 for _ in container.decode(video=0)) == 3


def test_a_sequence_that_is_said_to_be_endless_is_refused(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("1,-1,10,10,20,20,0.9,-1,-1,-1\n")
    info = "[Sequence]\nname=a\nframeRate=25\nseqLength={}\nimWidth=320\nimHeight=240\n"
    (tmp_path / "seqinfo.ini").write_text(info.format(2**31))
    with pytest.raises(InputError, match="has 2,147,483,648 frames, and the detections end at frame 1"):
        next(track(tmp_path, detections=tmp_path / "det.txt"))
    assert len(list(track(tmp_path, detections=tmp_path / "det.txt", max_frames=9))) == 9
    (tmp_path / "seqinfo.ini").write_text(info.format(9))
    assert len(list(track(tmp_path, detections=tmp_path / "det.txt"))) == 9


def test_of_two_errors_the_first_is_told(crossing: Path, tmp_path: Path) -> None:
    def fail() -> None:
        with Run(crossing, Options(detections=DETECTIONS, stats=tmp_path / "s")) as run:
            next(iter(run))
            (tmp_path / "s").touch()  # by another run, so that ours cannot write it
            raise RuntimeError("first")

    with pytest.raises(RuntimeError, match="first"):
        fail()
