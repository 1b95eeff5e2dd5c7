"""The Python interface: the whole job as an iterator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tracker
from detectors import InputError
from tests import scenes
from tests.conftest import ROOT
from tracker import Detections, Tracker, track

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
