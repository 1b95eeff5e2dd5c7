"""Tracks as text: MOTChallenge and JSON lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectors import Frame, InputError
from detectors.masks import Mask
from detectors.run_lengths import encode
from tests.tracker.writers.made_tracks import NOTHING, tracks_of
from tracker.writers.jsonl import JsonlWriter
from tracker.writers.mot import MotWriter


def test_mot_lines_are_left_top_width_height(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with MotWriter(path) as writer:
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of())
        writer.write(Frame(NOTHING, 2, 0.1), tracks_of((3, [10, 20, 40, 80], 0.75, 0), (1, [0, 0, 5.5, 6.25], 1, 0)))
        assert path.read_text().splitlines() == [
            "2,3,10.00,20.00,30.00,60.00,0.7500,-1,-1,-1",
            "2,1,0.00,0.00,5.50,6.25,1.0000,-1,-1,-1",
        ], "readable while it is still open"


def test_jsonl_has_a_line_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with JsonlWriter(path, {2: "Auto é"}) as writer:
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of())
        writer.write(Frame(NOTHING, 2, 1 / 3), tracks_of((7, [1, 2, 3, 4], 0.5, 2), (8, [1, 2, 3, 4], 0.5, 5)))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"index": 1, "time": 0.0, "tracks": []}
    assert lines[1]["time"] == pytest.approx(1 / 3, abs=1e-6)
    assert lines[1]["tracks"] == [
        {"id": 7, "class": "Auto é", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]},
        {"id": 8, "class": "5", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]},
    ]


def test_jsonl_has_keypoints_where_they_are_known(tmp_path: Path) -> None:
    points = np.array([[[1.004, 2, 0.75], [np.nan, np.nan, 0.0]], [[np.nan, np.nan, np.nan]] * 2])
    tracks = tracks_of((7, [1, 2, 3, 4], 0.5, 0), (8, [1, 2, 3, 4], 0.5, 0))
    with JsonlWriter(tmp_path / "out.jsonl", {}) as writer:
        writer.write(Frame(NOTHING, 1, 0.0), replace(tracks, columns={"keypoints": points}))
        writer.write(Frame(NOTHING, 2, 0.1), replace(tracks, columns={"keypoints": points[:, :, :2]}))
    first, second = ([*json.loads(line)["tracks"]] for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert first[0]["keypoints"] == [[1.0, 2.0, 0.75], [None, None, 0.0]]
    assert second[0]["keypoints"] == [[1.0, 2.0], [None, None]]
    assert "keypoints" not in first[1]


def test_jsonl_has_masks_where_they_and_the_frame_are_known(tmp_path: Path) -> None:
    mask = Mask.pack(np.ones((2, 3), bool), 4, 1)
    tracks = replace(tracks_of((7, [1, 2, 3, 4], 0.5, 0), (8, [1, 2, 3, 4], 0.5, 0)), columns={"masks": [mask, None]})
    for size, expected in (((10, 20), encode(mask, 10, 20)), ((0, 0), None)):
        with JsonlWriter(tmp_path / f"{size[0]}.jsonl", {}, size=size) as writer:
            writer.write(Frame(NOTHING, 1, 0.0), tracks)
        first, second = json.loads((tmp_path / f"{size[0]}.jsonl").read_text())["tracks"]
        assert first.get("mask") == expected
        assert "mask" not in second


def test_a_full_device_is_named() -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    with MotWriter(device) as writer, pytest.raises(InputError, match="/dev/full: cannot be written: No space left"):
        writer.write(Frame(NOTHING, 1, 0.0), tracks_of((1, [0, 0, 1, 1], 1, 0)))
