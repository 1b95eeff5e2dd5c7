"""Accuracy and whole runs on real sequences and models, where those are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks import mot
from benchmarks.accuracy.sequences import LoadedSequence, SequenceSet, load_sequences, run_tracker
from detectors.base import Floats
from tracker.association.presets import DEFAULT, PRESETS
from tracker.commands.cli import main
from tracker.evaluation.evaluate import evaluate


def hota_of(shared: Path, root: str, results: Path) -> float:
    """HOTA in percent, by the scorer that comes with the data."""
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    command = [sys.executable, shared.parent / "bin" / "score.py", shared / root, results]
    printed = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True).stdout
    return float(printed.split("HOTA")[1].split()[0])


@pytest.mark.parametrize(
    ("preset", "lowest", "highest"), [("sort", 45.6, 47.6), ("bytetrack", 52.9, 54.3), ("keeptrack", 54.5, 100)]
)
def test_hota_on_mot17_is_what_is_claimed(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str, lowest: float, highest: float
) -> None:
    monkeypatch.setattr(sys, "argv", ["mot", str(shared / "mot17-half"), "-o", str(tmp_path), "--presets", preset])
    mot.main()
    assert lowest <= hota_of(shared, "mot17-half", tmp_path / preset) <= highest


def rescored(sequence: LoadedSequence, change: Callable[[Floats], Floats]) -> LoadedSequence:
    """The same from a detector that scores differently."""
    found = tuple(replace(one, scores=change(one.scores)) for one in sequence.detections)
    return replace(sequence, detections=found)


@pytest.mark.parametrize("place", ["mot17-half", "sequences@det/yolov8n.txt"])
def test_a_detectors_way_to_score_does_not_break_the_default(shared: Path, place: str) -> None:
    pytest.importorskip("trackeval", reason="the extra `eval` is not installed")
    sequences = load_sequences(SequenceSet.parse(str(shared / place)))
    changes: dict[str, Callable[[Floats], Floats]] = {
        "as it is": lambda scores: scores,
        "smaller": lambda scores: 0.6 * scores,
        "quantised": lambda scores: np.round(10 * scores) / 10,
    }
    hota = {}
    for name, change in changes.items():
        rows = {one.name: run_tracker(rescored(one, change), PRESETS[DEFAULT]).rows for one in sequences}
        hota[name] = evaluate([one.truth for one in sequences], rows).combined.hota
    assert hota["as it is"] > 50
    assert min(hota.values()) > hota["as it is"] - 2


def test_a_real_model_tracks_a_real_street(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    clip, weights = shared / "videos" / "towncentre.mp4", shared / "weights"
    arguments = [str(clip), "--detector", str(weights / "yolo11n_int8.onnx"), "--max-frames", "40"]
    arguments += ["--appearance", str(weights / "osnet_x0_25_msmt17.onnx"), "--stats", "s.json", "--jsonl", "t.jsonl"]
    assert main([*arguments, "--classes", "person,bicycle"]) == 0
    assert capsys.readouterr().err == ""
    stats = json.loads(Path("s.json").read_text())
    assert stats["frames"] == stats["detector_calls"] == 40
    assert stats["embeddings"] > 40
    last = json.loads(Path("t.jsonl").read_text().splitlines()[-1])["tracks"]
    assert len(last) >= 4
    assert {track["class"] for track in last} <= {"person", "bicycle"}
    with av.open("towncentre.tracked.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 40


def test_sound_of_a_real_clip_is_kept_to_the_byte(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = shared / "videos" / "car-detection.mp4"
    assert main([str(clip), "--max-frames", "60", "--quiet"]) == 0
    with av.open(str(clip)) as before, av.open("car-detection.tracked.mp4") as after:
        copied = [bytes(packet) for packet in after.demux(audio=0) if packet.size]
        original = [bytes(packet) for packet in before.demux(audio=0) if packet.size and packet.pts >= 0]
    assert len(copied) > 100
    assert copied == original[: len(copied)]
