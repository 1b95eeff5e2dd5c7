"""Runs in two passes, from the command line and from Python: what they write, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import tracker.run.run
from detectors import Frame, InputError
from detectors.base import Image
from tests import scenes
from tests.conftest import ROOT, MakeVideo
from tests.tracker.commands.test_cli import frame_times, run
from tracker import track
from tracker.association.tracks import Tracks
from tracker.drawing.annotator import Annotator
from tracker.offline.recording_tracker import RecordingTracker
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.sources import Source
from tracker.sources.live_status import LiveStatus

GOLDEN = ROOT / "tests" / "golden"
DETECTIONS = GOLDEN / "crossing.det.txt"
REPLAY = ("--detections", DETECTIONS, "--offline")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


SMOOTHED = 8.0  # pixels by which no box of the crossing is moved, or made larger or smaller


def read_jsonl(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def mot_rows(name: str) -> list[list[str]]:
    return [row.split(",") for row in Path(name).read_text().splitlines()]


def write_images(count: int) -> Path:
    folder = Path("images")
    folder.mkdir()
    for index, picture in enumerate(scenes.render(scenes.CROSSING, count)):
        cv2.imwrite(str(folder / f"{index + 1}.png"), picture)
    return folder


def test_results_are_the_golden_ones(crossing: Path) -> None:
    assert run(crossing, *REPLAY, "-o", "none", "--mot", "out.txt", "--quiet") == 0
    assert Path("out.txt").read_text() == (GOLDEN / "crossing.offline.txt").read_text()


def test_all_outputs_say_the_same(crossing: Path) -> None:
    outputs = ["-o", "out.mp4", "--mot", "out.txt", "--jsonl", "out.jsonl", "--stats", "out.json"]
    assert run(crossing, *REPLAY, *outputs, "--quiet") == 0
    lines = read_jsonl("out.jsonl")
    assert [line["index"] for line in lines] == list(range(1, scenes.CROSSING_FRAMES + 1))
    listed = [(line["index"], each) for line in lines for each in line["tracks"]]
    rows = mot_rows("out.txt")
    assert [(int(row[0]), int(row[1])) for row in rows] == [(index, each["id"]) for index, each in listed]
    assert [float(row[6]) for row in rows] == [each["score"] for _, each in listed]
    given = list(track(crossing, detections=DETECTIONS, offline=True))
    assert [frame.index for frame, _ in given] == [line["index"] for line in lines]
    assert [tracks.boxes.round(2).tolist() for _, tracks in given] == [
        [each["box"] for each in line["tracks"]] for line in lines
    ]
    assert all(frame.image.shape == (scenes.HEIGHT, scenes.WIDTH, 3) for frame, _ in given)
    assert frame_times(Path("out.mp4")) == pytest.approx(frame_times(crossing), abs=1e-6)
    stats = json.loads(Path("out.json").read_text())
    assert stats["frames"] == scenes.CROSSING_FRAMES
    assert stats["tracks"] == len({row[1] for row in rows})
    assert set(stats["stages"]) == {"read", "detect", "embed", "track", "draw", "write"}


def test_boxes_that_no_detection_supports_are_marked_and_only_they(crossing: Path) -> None:
    assert run(crossing, *REPLAY, "-o", "none", "--jsonl", "out.jsonl", "--quiet") == 0
    found = np.loadtxt(DETECTIONS, delimiter=",")
    marked = 0
    for line in read_jsonl("out.jsonl"):
        here = found[found[:, 0] == line["index"], 2:7]
        for each in line["tracks"]:
            x1, y1, x2, y2 = each["box"]
            off = np.abs(here - [x1, y1, x2 - x1, y2 - y1, each["score"]])
            seen = bool((off < [SMOOTHED, SMOOTHED, SMOOTHED, SMOOTHED, 0.001]).all(axis=1).any())
            assert each.get("filled", False) is not seen
            marked += "filled" in each
    assert marked > 10
    assert run(crossing, "--detections", DETECTIONS, "-o", "none", "--jsonl", "online.jsonl", "--quiet") == 0
    assert "filled" not in Path("online.jsonl").read_text()


def test_a_part_keeps_the_numbers_and_times_of_the_source(crossing: Path) -> None:
    part = ["--start", "2", "--end", "4", "-o", "out.mp4", "--jsonl", "out.jsonl", "--stats", "out.json", "--quiet"]
    assert run(crossing, *REPLAY, *part) == 0
    lines = read_jsonl("out.jsonl")
    assert [line["index"] for line in lines] == list(range(26, 51))
    assert lines[0]["time"] == pytest.approx(2.0)
    assert len(frame_times(Path("out.mp4"))) == json.loads(Path("out.json").read_text())["frames"] == 25
    assert run(crossing, *REPLAY, "--max-frames", "7", "-o", "none", "--jsonl", "few.jsonl", "--quiet") == 0
    few = read_jsonl("few.jsonl")
    assert [line["index"] for line in few] == list(range(1, 8))
    assert len(few[0]["tracks"]) > 1  # however little there is to see, it is believed


def test_frames_keep_their_uneven_times(make_video: MakeVideo) -> None:
    times = np.cumsum(np.tile([0.04, 0.02, 0.1], 14)).round(3).tolist()
    clip = make_video("clip.mp4", times)
    boxes = "".join(f"{frame},-1,{10 + 5 * frame},40,30,80,0.9,-1,-1,-1\n" for frame in range(1, 43) if frame % 5)
    Path("det.txt").write_text(boxes)
    options = ["--detections", "det.txt", "--offline", "-o", "out.mp4", "--mot", "out.txt", "--quiet"]
    assert run(clip, *options) == 0
    assert np.diff(frame_times(Path("out.mp4"))) == pytest.approx(np.diff(times), abs=1e-6)
    assert [int(row[0]) for row in mot_rows("out.txt")] == list(range(1, 43))
    assert {row[1] for row in mot_rows("out.txt")} == {"1"}


def test_cuts_end_identities() -> None:
    folder = Path("shots")
    folder.mkdir()
    rng = np.random.default_rng(0)
    grounds = [cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (160, 120)) for _ in range(2)]
    for index in range(40):
        cv2.imwrite(str(folder / f"{index}.png"), grounds[index // 20])
    Path("still.txt").write_text("".join(f"{frame},-1,50,30,40,80,0.9,-1,-1,-1\n" for frame in range(1, 41)))
    assert run(folder, "--detections", "still.txt", "--offline", "-o", "none", "--mot", "out.txt", "--quiet") == 0
    assert [int(row[1]) for row in mot_rows("out.txt")] == [1] * 20 + [2] * 20


def test_a_sequence_without_images_needs_none() -> None:
    folder = Path("MOT-99")
    folder.mkdir()
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\nseqLength=110\nimWidth=320\nimHeight=240\n")
    assert run(folder, *REPLAY, "-o", "none", "--mot", "out.txt", "--quiet") == 0
    assert [int(row[0]) for row in mot_rows("out.txt")] == sorted(int(row[0]) for row in mot_rows("out.txt"))
    indices = [frame.index for frame, _ in track(folder, detections=DETECTIONS, offline=True)]
    assert indices == list(range(1, 111))


def send_signal_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, call: int) -> None:
    """Ctrl-C while a method runs for the `call`-th time."""
    original: Callable[..., Any] = getattr(owner, method)
    calls = 0

    def interrupted(self: object, *arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, *arguments)

    monkeypatch.setattr(owner, method, interrupted)


def test_interrupted_in_the_first_pass_nothing_is_written(
    crossing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    send_signal_at(monkeypatch, RecordingTracker, "update", 50)
    outputs = ["-o", "out.mp4", "--mot", "out.txt", "--jsonl", "out.jsonl", "--stats", "out.json"]
    assert run(crossing, *REPLAY, *outputs) == 130
    assert list(Path().iterdir()) == []
    printed = capsys.readouterr()
    assert "done" not in printed.out
    assert printed.err == ""


def test_interrupted_in_the_second_pass_files_play_and_parse(
    crossing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    send_signal_at(monkeypatch, Annotator, "draw", 60)
    outputs = ["-o", "out.mp4", "--mot", "out.txt", "--jsonl", "out.jsonl", "--stats", "out.json"]
    assert run(crossing, *REPLAY, *outputs) == 130
    lines = read_jsonl("out.jsonl")
    assert [line["index"] for line in lines] == list(range(1, 61))
    assert len(lines) - len(frame_times(Path("out.mp4"))) in (0, 1)
    assert max(int(row[0]) for row in mot_rows("out.txt")) == 60
    assert json.loads(Path("out.json").read_text())["frames"] == scenes.CROSSING_FRAMES
    assert not list(Path().glob(".*part"))
    assert capsys.readouterr().err == ""


def test_live_sources_are_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = Source(iter(()), "camera-0", 320, 240, Fraction(30), live=LiveStatus())
    monkeypatch.setattr(tracker.run.run, "open_source", lambda *_: camera)
    assert run("0", "--offline", "--mot", "out.txt") == 1
    error = capsys.readouterr().err
    assert error == "error: camera-0: is live, and --offline needs an end (record it, or leave --offline out)\n"
    assert list(Path().iterdir()) == []


def test_no_picture_is_kept_and_none_is_read_again_in_vain() -> None:
    folder = write_images(12)
    with Run(folder, Options(detector="motion", offline=True), pictures=False) as first:
        steps = list(first.look_ahead())
        assert len(steps) == first.state.frames + 12 == 12
        for path in folder.iterdir():
            path.unlink()
        given = list(first)
    assert [frame.index for frame, _ in given] == list(range(1, 13))
    assert all(frame.image.size == 0 and frame.image.base is None for frame, _ in given)


def test_a_first_pass_from_elsewhere_is_as_good_as_its_own(crossing: Path) -> None:
    options = Options(detections=DETECTIONS, offline=True, max_frames=40)
    with Run(crossing, options) as own:
        expected = list(own)
    assert own.first_pass is not None
    steps: list[int] = []
    with Run(crossing, options) as other:
        other.callbacks.step = lambda: steps.append(1)
        other.look_back(own.first_pass)
        given = list(other)
    assert len(steps) >= 2 * len(own.first_pass.history.trajectories)
    for (frame, tracks), (like, those) in zip(given, expected, strict=True):
        assert (frame.index, frame.time, frame.cut) == (like.index, like.time, like.cut)
        assert np.array_equal(frame.image, like.image)
        assert np.array_equal(tracks.boxes, those.boxes)
        assert np.array_equal(tracks.track_ids, those.track_ids)


def test_a_source_that_has_changed_meanwhile_is_told() -> None:
    folder = write_images(12)
    with Run(folder, Options(detector="motion", offline=True)) as second:
        list(second.look_ahead())
        (folder / "12.png").unlink()
        with pytest.raises(InputError, match="frame 12 was there at first, and is not any more"):
            list(second)


def test_pictures_are_drawn_on_copies_of_the_second_reading(crossing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[tuple[int, int]]()
    original = Annotator.draw

    def draw(self: Annotator, frame: Frame, tracks: Tracks) -> Image:
        drawn.append((frame.index, len(tracks)))
        return original(self, frame, tracks)

    monkeypatch.setattr(Annotator, "draw", draw)
    given = list(track(crossing, detections=DETECTIONS, offline=True, output="out.mp4", max_frames=20))
    plain = [frame.image for frame, _ in track(crossing, detections=DETECTIONS, max_frames=20)]
    assert drawn == [(frame.index, len(tracks)) for frame, tracks in given]
    assert all(np.array_equal(frame.image, image) for (frame, _), image in zip(given, plain, strict=True))


def test_a_detector_looks_once(crossing: Path) -> None:
    assert run(crossing, "--detector", "motion", "--offline", "--stats", "out.json", "--quiet") == 0
    stats = json.loads(Path("out.json").read_text())
    assert stats["detector_calls"] == stats["frames"] == scenes.CROSSING_FRAMES
    assert Path("crossing.tracked.mp4").exists()


def test_a_part_without_frames_is_told(crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(crossing, *REPLAY, "-o", "none", "--mot", "out.txt", "--start", "1000") == 1
    assert "has no frames in that part" in capsys.readouterr().err
    assert not Path("out.txt").exists()
