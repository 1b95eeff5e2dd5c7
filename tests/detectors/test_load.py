from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import detectors
from detectors import Frame, InputError, ModelSettings, load_detector
from detectors.cores import available_cores
from detectors.motion import MotionDetector
from detectors.onnx import OnnxDetector
from detectors.runtime import open_session
from detectors.sliding import SlidingDetector
from tests.onnx_models import colour_finder, constant_model, end_to_end_table, size_reporter, sliding_colour_finder

ROOT = Path(detectors.__file__).parents[1]
FRAME = Frame(np.zeros((64, 64, 3), np.uint8), 1, 0.0)


def test_motion_is_the_detector_that_needs_no_weights() -> None:
    detector = load_detector("motion", conf=0.25)

    assert isinstance(detector, MotionDetector)
    assert detector.conf == 0.25


@pytest.mark.parametrize("name", ["auto", "sliding"])
def test_the_detector_that_comes_with_the_package_knows_the_street(name: str) -> None:
    detector = load_detector(name, conf=0.25, imgsz=320)

    assert isinstance(detector, SlidingDetector)
    assert (detector.name, detector.conf, detector.search_size(999, 999)) == ("sliding", 0.25, 320)
    assert list(detector.class_names.values()) == ["person", "bicycle", "car", "motorcycle", "bus", "truck"]


def test_a_sliding_detector_is_told_from_an_export_by_its_metadata(tmp_path: Path) -> None:
    detector = load_detector(sliding_colour_finder(tmp_path / "mine.onnx"), conf=0.25, imgsz=96)

    assert isinstance(detector, SlidingDetector)
    assert (detector.name, detector.conf, detector.search_size(999, 999)) == ("mine.onnx", 0.25, 96)


@pytest.mark.parametrize("kind", [str, Path])
def test_the_path_of_an_export_loads_it(tmp_path: Path, kind: type[str] | type[Path]) -> None:
    path = colour_finder(tmp_path / "export.onnx")

    detector = load_detector(kind(path))

    assert isinstance(detector, OnnxDetector)
    assert detector.name == "export.onnx"


def test_the_options_reach_the_export(tmp_path: Path) -> None:
    rows = end_to_end_table(np.array([[0.0, 0, 9, 9], [20, 20, 40, 40]]), np.array([0.9, 0.4]), [0, 1])
    path = constant_model(tmp_path / "a.onnx", [rows])
    free = size_reporter(tmp_path / "b.onnx", (1, 3, "height", "width"))

    assert [len(load_detector(path, conf=conf)(FRAME)) for conf in (0.3, 0.5)] == [2, 1]
    assert load_detector(free, imgsz=96, device="cpu")(FRAME).class_ids.tolist() == [96 * 1000 + 96]


@pytest.mark.parametrize("name", ["", "magic", "yolo11n", "model.tflite", "weights.pt.txt"])
def test_an_unknown_name_lists_the_choices(name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_detector(name)

    message = str(caught.value)
    assert message.startswith(f"--detector {name}: no such detector")
    assert all(choice in message for choice in ("auto", "sliding", "motion", ".pt", ".onnx"))


def test_yolo_without_weights_asks_for_them() -> None:
    with pytest.raises(InputError, match=r"^--detector yolo: which weights\?.*\.pt.*\.onnx"):
        load_detector("yolo")


@pytest.mark.parametrize("suffix", [".pt", ".onnx"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"missing{suffix}"

    with pytest.raises(InputError) as caught:
        load_detector(path)

    assert str(caught.value).startswith(f"{path}: no such model file")


@pytest.mark.parametrize("name", ["auto", "motion", "a.onnx"])
def test_no_detector_but_a_checkpoint_imports_torch(tmp_path: Path, name: str) -> None:
    colour_finder(tmp_path / "a.onnx")
    program = (
        "import sys; from detectors import load_detector; load_detector(sys.argv[1]); print('torch' in sys.modules)"
    )

    answer = subprocess.run(  # another process: here, other tests have imported torch
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}", name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.strip() == "False"


def test_a_session_has_the_threads_it_is_given_and_lets_them_sleep(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "model.onnx", np.zeros((1, 5, 21)), (1, 3, 32, 32), {})
    for threads, expected in ((0, available_cores()), (1, 1), (3, 3)):
        options = open_session(path, threads=threads).get_session_options()
        assert options.intra_op_num_threads == expected
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("name", ["auto", "motion", "mine.onnx"])
def test_what_is_said_of_a_file_that_says_it_itself_is_refused(tmp_path: Path, name: str) -> None:
    path = sliding_colour_finder(tmp_path / name) if name.endswith(".onnx") else name

    with pytest.raises(InputError, match=r"^--family: .*\(leave it out\)$"):
        load_detector(path, settings=ModelSettings(family="yolox"))
    load_detector(path, settings=ModelSettings())
