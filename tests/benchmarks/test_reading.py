"""The benchmark of reading: one clip, and what counts as equal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.reading.clips import CLIPS
from benchmarks.reading.comparison import Comparison, main
from detectors.errors import InputError


def test_a_clip_is_made_and_read_equally(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("there is no ffmpeg here")
    assert main(["--only", "ffv1.mkv", "--keep", str(tmp_path)]) == 0
    assert "1 of 1 equal" in capsys.readouterr().out


def test_what_differs_is_not_equal() -> None:
    alike = Comparison(frames=24, expected=24, shown=24, apart=0.0, outside=0.0, most=2, warnings=0)
    assert alike.equal
    for change in ({"frames": 23}, {"shown": 25}, {"apart": 0.02}, {"outside": 0.01}, {"warnings": 1}):
        assert not replace(alike, **change).equal


def test_without_ffmpeg_that_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main([]) == 1
    assert capsys.readouterr().err == f"error: {InputError('ffmpeg', 'is not installed here', 'apt install ffmpeg')}\n"


def test_there_are_clips_of_every_kind() -> None:
    assert len({clip.name for clip in CLIPS}) == len(CLIPS) >= 30
    assert len({Path(clip.name).suffix for clip in CLIPS}) >= 15
