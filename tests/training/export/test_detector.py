"""A trained network as a file: it says the same as the network did, on frames of any size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

import onnx
import onnxruntime
import torch
from onnx import TensorProto

from detectors.base import Frame
from detectors.sliding import SlidingDetector
from tests.training.pictures import NAMES, answering_network, draw_scene, painted
from training.export import detector as exporter
from training.export.detector import PARITY, FrameNetwork, export
from training.networks.detection import DetectionNetwork


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[DetectionNetwork, Path, float]:
    network, path = answering_network("mobilenet_v3_small"), tmp_path_factory.mktemp("exported") / "my.onnx"
    return network, path, export(network, NAMES, 96, path, {"seed": "7"})


def session_of(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_the_difference_to_torch_is_small_and_told(exported: tuple[DetectionNetwork, Path, float]) -> None:
    assert 0 < exported[2] <= PARITY
    assert list(exported[1].parent.iterdir()) == [exported[1]]


@pytest.mark.parametrize("backbone", ["lenet5", "alexnet", "mobilenet_v2"])
def test_maps_that_are_stretched_at_the_border_are_exported_too(backbone: str, tmp_path: Path) -> None:
    assert export(answering_network(backbone), NAMES, 96, tmp_path / "my.onnx", {}) <= PARITY


@pytest.mark.parametrize("size", [(32, 32), (64, 160), (192, 96)])
def test_the_file_answers_as_the_network_on_frames_of_any_size(
    exported: tuple[DetectionNetwork, Path, float], size: tuple[int, int]
) -> None:
    network, path, _ = exported
    picture = np.random.default_rng(1).integers(0, 256, (1, *size, 3), dtype=np.uint8)
    with torch.no_grad():
        answers = network(torch.from_numpy(picture).permute(0, 3, 1, 2).float())
    cells = session_of(path).run(None, {"picture": picture})[0]
    assert cells.shape == (1, size[0] * size[1] * 21 // 1024, 6)
    scores = answers.logits.sigmoid().numpy()
    assert scores.std() > 0.01
    assert np.abs(cells[..., 4:] - scores).max() < 0.02, "what half precision costs"
    assert np.abs(cells[..., :4] - answers.boxes.numpy()).max() < 0.05 * 32


def test_weights_take_half_the_bytes(exported: tuple[DetectionNetwork, Path, float]) -> None:
    network, path, _ = exported
    weights = [weight for weight in onnx.load(path).graph.initializer if np.prod(weight.dims) >= 64]
    assert {weight.data_type for weight in weights} <= {TensorProto.FLOAT16, TensorProto.INT64}
    floats = sum(parameter.numel() * 4 for parameter in network.parameters())
    assert 0.4 * floats < path.stat().st_size < 0.75 * floats


def test_the_file_tells_what_it_is(exported: tuple[DetectionNetwork, Path, float]) -> None:
    metadata = session_of(exported[1]).get_modelmeta().custom_metadata_map
    assert metadata["kind"] == "keeptrack sliding detector"
    assert json.loads(metadata["class_names"]) == list(NAMES)
    assert (metadata["long_side"], metadata["seed"]) == ("96", "7")


def test_the_network_itself_is_left_as_it_was(tmp_path: Path) -> None:
    network = answering_network("mobilenet_v3_small")
    network.train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    export(network, NAMES, 96, tmp_path / "my.onnx", {})
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_file_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(network: FrameNetwork) -> onnx.ModelProto:
        with torch.no_grad():
            network.network.head.outputs()[0].weight[0] += 0.05
        return trace(network)

    trace = exporter._trace
    monkeypatch.setattr(exporter, "_trace", other)
    (tmp_path / "my.onnx").write_bytes(b"of an earlier run")
    with pytest.raises(ValueError, match="differs from the trained one by"):
        export(answering_network("mobilenet_v3_small"), NAMES, 96, tmp_path / "my.onnx", {})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"of an earlier run"]


def test_a_network_that_came_to_nothing_is_not_written(tmp_path: Path) -> None:
    network = answering_network("mobilenet_v3_small")
    with torch.no_grad():
        network.head.outputs()[0].weight[0] = torch.nan
    with pytest.raises(ValueError, match="differs"):
        export(network, NAMES, 96, tmp_path / "my.onnx", {})
    assert not list(tmp_path.iterdir())


def test_the_sliding_detector_runs_it(exported: tuple[DetectionNetwork, Path, float]) -> None:
    network, path, _ = exported
    detector = SlidingDetector(path, conf=0.0)
    assert dict(detector.class_names) == dict(enumerate(NAMES))
    assert detector.search_size(999, 999) == 96
    image = painted(draw_scene(np.random.default_rng(0), (96, 64)))
    found = detector(Frame(image, 1, 0.0))
    with torch.no_grad():
        answers = network(torch.from_numpy(image).permute(2, 0, 1)[None].float())
    expected = answers.logits[0].sigmoid().max(dim=1).values.numpy()
    assert len(found) == len(expected)
    assert np.abs(found.scores - expected).max() < 0.02
