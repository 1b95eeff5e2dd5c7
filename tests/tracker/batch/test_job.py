"""What a job carries to wherever it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.batch.job import with_absolute_paths


def test_files_among_the_options_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("auto", "model.onnx", "found.txt"):
        (tmp_path / name).touch()
    given = {"detector": "auto", "appearance": "model.onnx", "detections": "found.txt", "classes": "model.onnx"}
    whole = {"appearance": str(tmp_path / "model.onnx"), "detections": str(tmp_path / "found.txt")}
    assert with_absolute_paths({**given, "regions": "missing.json", "conf": 0.3}) == {
        **given,
        **whole,
        "regions": "missing.json",
        "conf": 0.3,
    }
