from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import Frame, InputError, load_detector
from detectors.extras import install_extra
from detectors.yolo import YoloDetector

# ultralytics and torch warn of their own affairs, which depend on their versions.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ultralytics"),
]

NAMES = {number: f"kind {number}" for number in range(80)}


@pytest.fixture(scope="module", autouse=True)
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """ultralytics reads these when it is imported: it installs nothing, asks no server, and leaves the home alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("ultralytics")))
        patch.setenv("YOLO_AUTOINSTALL", "false")
        patch.setenv("YOLO_OFFLINE", "true")
        patch.setenv("YOLO_VERBOSE", "false")
        yield


@pytest.fixture(scope="module")
def ultralytics() -> Any:
    return pytest.importorskip("ultralytics", reason="needs the yolo extra")


@pytest.fixture(scope="module")
def checkpoint(ultralytics: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detection checkpoint with random weights."""
    import torch

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("yolo") / "random.pt"
    model = ultralytics.YOLO("yolo11n.yaml")
    model.model.names = NAMES
    model.save(path)
    return path


def refusal(path: Path) -> str:
    """What the user reads; always one line that names the file."""
    with pytest.raises(InputError) as caught:
        load_detector(path, device="cpu")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message


def noise(height: int, width: int) -> Frame:
    return Frame(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8), 1, 0.0)


def test_a_checkpoint_is_loaded_with_its_class_names(checkpoint: Path) -> None:
    detector = load_detector(checkpoint, device="cpu")

    assert isinstance(detector, YoloDetector)
    assert (detector.name, detector.suppressed) == ("random.pt", True)
    assert detector.class_names == NAMES


@pytest.mark.parametrize(("height", "width"), [(97, 131), (64, 64), (40, 201)])
def test_boxes_are_in_pixels_of_the_frame(checkpoint: Path, height: int, width: int) -> None:
    # Weights drawn at random are sure of nothing: any score will do.
    detector = load_detector(checkpoint, conf=1e-9, imgsz=64, device="cpu")

    found = detector(noise(height, width))

    assert len(found) > 0
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [width, height, width, height]).all()
    assert found.boxes[:, 2].max() > 0.9 * width  # not left in pixels of a 64 pixel wide input
    assert set(found.class_ids.tolist()) <= set(detector.class_names)


def test_the_same_frame_gives_the_same_detections(checkpoint: Path) -> None:
    detector = load_detector(checkpoint, conf=1e-9, imgsz=64, device="cpu")

    first, second = detector(noise(50, 70)), detector(noise(50, 70))

    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_conf_leaves_out_the_unsure(checkpoint: Path) -> None:
    assert len(load_detector(checkpoint, conf=0.9, imgsz=64, device="cpu")(noise(64, 64))) == 0


def _pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))


def _state_dict(path: Path) -> None:
    import torch

    torch.save(torch.nn.Linear(2, 2).state_dict(), path)


def _other_network(path: Path) -> None:
    import torch

    torch.save(torch.nn.Linear(2, 2), path)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_text("no model\n"), id="text"),
        pytest.param(lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)), id="random bytes"),
        pytest.param(_pickle, id="pickle"),
        pytest.param(_state_dict, id="state dict"),
        pytest.param(_other_network, id="other network"),
    ],
)
@pytest.mark.usefixtures("ultralytics")
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "bad.pt"
    write(path)

    assert "is no ultralytics checkpoint" in refusal(path)


def test_a_checkpoint_cut_off_half_way_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.pt"
    path.write_bytes(checkpoint.read_bytes()[:100_000])

    assert "is no ultralytics checkpoint" in refusal(path)


def test_a_classifier_is_refused(ultralytics: Any, tmp_path: Path) -> None:
    path = tmp_path / "classifier.pt"
    ultralytics.YOLO("yolo11n-cls.yaml").save(path)

    assert "the task 'classify'" in refusal(path)


@pytest.mark.parametrize("name", ["yolo11n.pt", "yolov8n.pt"])
def test_a_well_known_name_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)

    assert "no such model file" in refusal(Path(name))
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "ultralytics", None)  # what Python itself does for a module that is not there

    message = refusal(path)

    assert install_extra("yolo") in message
    assert ".onnx" in message


def test_yolo_alone_is_no_detector() -> None:
    with pytest.raises(InputError, match="--detector yolo"):
        load_detector("yolo")
