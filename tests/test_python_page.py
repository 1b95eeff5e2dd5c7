"""The examples of docs/python.md run as they are written."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
ROWS = np.array([[10.0, 20, 40, 90, 0.9, 0]])
PICTURE = np.zeros((100, 120, 3), np.uint8)


def example(word: str) -> str:
    """The one example in which `word` stands, on the sample clip."""
    (found,) = (text for text in EXAMPLES if word in text)
    return str(found).replace('"video.mp4"', f"{str(ROOT / 'videos/crossing.mp4')!r}, max_frames=3, appearance='none'")


def run(text: str, **names: Any) -> dict[str, Any]:
    exec(text, names)
    return names


def test_each_example_is_run_here() -> None:
    words = ["classes=", "bright_spots", "your_detections", "Given", "colour", "pixels[0", "supervision", "register"]
    words += ["libreyolo", "boxmot", "BoxMasks", "Segmenter"]
    assert len(EXAMPLES) == len({example(word) for word in words}) == len(words)


def test_the_whole_job(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(example("classes="))["run"]
    assert done.stats["frames"] == 3
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_detector_of_one_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("bright_spots"))
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_tracker_alone(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("your_detections"), your_detections=[(PICTURE, ROWS), (PICTURE, ROWS)])
    assert capsys.readouterr().out == "[1] [0]\n[1] [0]\n"


def test_detections_by_frame(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("Given"), your_arrays=dict.fromkeys((1, 2, 3), ROWS))
    assert capsys.readouterr().out == "[1]\n[1]\n[1]\n"


def test_columns() -> None:
    assert run(example("colour"))["tracks"].columns["colour"] == ["red"]


def test_masks(capsys: pytest.CaptureFixture[str]) -> None:
    run(example("pixels[0"))
    assert capsys.readouterr().out == f"{70 * 30}\n"


def test_inside_supervision() -> None:
    sv = pytest.importorskip("supervision")
    theirs = sv.Detections(ROWS[:, :4], confidence=ROWS[:, 4], class_id=np.array([0]))
    assert run(example("supervision"), detections=theirs, frame=PICTURE)["detections"].tracker_id.tolist() == [1]


def test_inside_boxmot_programs() -> None:
    assert run(example("boxmot"), array=ROWS, frame=PICTURE)["tracks"].tolist() == [[10, 20, 40, 90, 1, 0.9, 0, 0]]


def test_inside_libreyolo() -> None:
    model = SimpleNamespace(track=lambda source, tracker: tracker)
    tracker = run(example("libreyolo"), model=model, source="")["results"]
    assert all(callable(getattr(tracker, name)) for name in ("reset", "update"))


@pytest.fixture
def ultralytics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What keeptrack needs of ultralytics, without it: its map of trackers and the folder of their settings."""
    trackers: dict[str, Any] = {}
    (tmp_path / "trackers").mkdir()
    parts = {"ultralytics": {}, "ultralytics.trackers": {}, "ultralytics.trackers.track": {"TRACKER_MAP": trackers}}
    for name, values in (parts | {"ultralytics.cfg": {"__file__": str(tmp_path / "__init__.py")}}).items():
        module = ModuleType(name)
        module.__dict__.update(values)
        monkeypatch.setitem(sys.modules, name, module)
    return trackers


def test_beside_bytetrack(tmp_path: Path, ultralytics: dict[str, Any]) -> None:
    model = SimpleNamespace(track=lambda picture, tracker, persist: tracker)
    assert run(example("register"), model=model, picture=PICTURE)["results"] == "keeptrack.yaml"
    settings = (tmp_path / "trackers/keeptrack.yaml").read_text()
    assert "tracker_type: keeptrack" in settings
    tracks = ultralytics["keeptrack"](SimpleNamespace(preset="deepsort"), 25).update(ROWS)
    assert tracks.shape == (0, 8), "the preset of the settings confirms later"


def test_silhouettes_and_classes_of_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx_models = pytest.importorskip("tests.onnx_models")
    monkeypatch.chdir(tmp_path)
    onnx_models.segmenter_by_shade(tmp_path / "ground.onnx")
    done = run(example("BoxMasks"), picture=PICTURE, boxes=ROWS[:, :4])
    (mask,) = done["masks"]
    assert (mask.x, mask.y, mask.width, mask.height) == (10, 20, 30, 70)
    assert np.array_equal(mask.pixels(), done["silhouettes"][0])
    classes = run(example("Segmenter"), picture=PICTURE)["classes"]
    assert classes.shape == PICTURE.shape[:2]
    assert (classes == 0).all()
