from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("safetensors", reason="needs the extra `train`")

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from detectors import InputError
from detectors.sliding import SlidingDetector
from tests.training.pictures import NAMES, write_coco
from training.__main__ import main
from training.loop.detector_plan import Plan
from training.loop.transfer import FORMAT, keep_start, load_weights, save_weights, transfer
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork, build
from training.networks.grid import Answers

OLD = Plan("mobilenet_v3_small", ("person", "car"))


def network(classes: int, backbone: str = "mobilenet_v3_small") -> DetectionNetwork:
    return build(backbone, load_trunk(backbone, None), classes).eval()


@pytest.fixture(scope="module")
def trained() -> DetectionNetwork:
    torch.manual_seed(1)
    return network(2)


@pytest.fixture
def saved(trained: DetectionNetwork, tmp_path: Path) -> Path:
    path = tmp_path / "old.safetensors"
    save_weights(trained, OLD, path)
    return path


def logits(net: DetectionNetwork) -> torch.Tensor:
    with torch.no_grad():
        answers: Answers = net(torch.full((1, 3, 64, 64), 90.0))
    return answers.logits[0]


def test_weights_come_back_as_they_were_but_for_half_precision(trained: DetectionNetwork, saved: Path) -> None:
    weights = load_weights(saved)
    assert weights.plan == OLD
    for key, value in trained.state_dict().items():
        torch.testing.assert_close(weights.tensors[key], value, rtol=1e-3, atol=1e-6)
    with safe_open(saved, framework="pt") as file:
        assert file.get_tensor("head.output.weight").dtype == torch.float16


def test_classes_of_the_same_name_are_known_at_once_and_others_are_not(trained: DetectionNetwork, saved: Path) -> None:
    torch.manual_seed(2)
    new = network(3)
    fresh = new.head.outputs()[0].weight[1].clone()
    transfer(load_weights(saved), new, Plan("mobilenet_v3_small", ("Car", "dog", "person")))
    torch.testing.assert_close(logits(new)[:, [2, 0]], logits(trained), rtol=1e-2, atol=1e-3)
    assert torch.equal(new.head.outputs()[0].weight[1], fresh)
    torch.testing.assert_close(
        new.head.outputs()[0].weight[-4:], trained.head.outputs()[0].weight[-4:], rtol=1e-3, atol=1e-6
    )


def test_another_backbone_is_refused(saved: Path) -> None:
    with pytest.raises(InputError, match=r"--start: the weights are of another backbone .*mobilenet_v3_small"):
        transfer(load_weights(saved), network(2, "lenet5"), Plan("lenet5", ("person", "car")))


@pytest.mark.parametrize("content", [b"", b"junk" * 100])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.safetensors: is no detector to start from"):
        load_weights(path)


def test_other_peoples_tensors_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="it was not written at the end of a training"):
        load_weights(tmp_path / "a.safetensors")
    with pytest.raises(InputError, match=r"nowhere\.safetensors: is no detector"):
        load_weights(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("plan", ["[" * 100_000, '{"class_names": [1]}', '{"class_names": 1e999}'])
def test_a_plan_that_is_none_is_refused(tmp_path: Path, plan: str) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", metadata={"format": FORMAT, "plan": plan})
    with pytest.raises(InputError, match=r"a\.safetensors: is no detector to start from"):
        load_weights(tmp_path / "a.safetensors")


def test_the_embedded_detector_can_be_started_from() -> None:
    weights = load_weights("sliding")
    assert weights.plan.class_names == ("person", "bicycle", "car", "motorcycle", "bus", "truck")
    assert (weights.plan.run_side, weights.plan.run_up_to) == SlidingDetector()._sizes
    net = build(weights.plan.backbone, load_trunk(weights.plan.backbone, None), 6)
    transfer(weights, net, weights.plan)
    for key, value in net.state_dict().items():
        assert torch.equal(value, weights.tensors[key]), key


def test_a_training_can_start_from_it_and_be_run_at_another_size(tmp_path: Path) -> None:
    data, output = write_coco(tmp_path / "data", 3), tmp_path / "mine.onnx"
    options = ["--start", "sliding", "--steps", "1", "--batch", "2", "--imgsz", "96", "--run-at", "64"]
    assert main(["detector", str(data), "-o", str(output), *options]) == 0
    assert SlidingDetector(output).search_size(999, 999) == 64
    checkpoint, again = output.with_suffix(".checkpoint"), tmp_path / "again.onnx"
    checkpoint.rename(again.with_suffix(".checkpoint"))
    resume = ["--resume", str(again.with_suffix(".checkpoint")), "--steps", "2"]
    assert main(["detector", str(data), "-o", str(again), *resume]) == 0
    assert SlidingDetector(again).search_size(999, 999) == 64, "as it was planned"
    assert main(["detector", str(data), "-o", str(again), *resume, "--run-at", "128"]) == 0
    assert SlidingDetector(again).search_size(999, 999) == 128
    assert load_weights(again.with_suffix(".safetensors")).plan.run_at == 128
    learnt, before = load_weights(output.with_suffix(".safetensors")), load_weights("sliding")
    assert learnt.plan.class_names == NAMES
    early = next(key for key in learnt.tensors if key.startswith("pyramid"))  # frozen parts come out as they went in
    torch.testing.assert_close(learnt.tensors[early], before.tensors[early])


def test_half_of_the_way_back_to_the_start(trained: DetectionNetwork, saved: Path) -> None:
    start = load_weights(saved)
    moved = network(2)
    transfer(start, moved, OLD)
    before = {key: value.clone() for key, value in moved.state_dict().items()}
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter.add_(1)
    keep_start(start, moved, OLD, 0.25)
    names = {name for name, _ in moved.named_parameters()}
    for key, value in moved.state_dict().items():
        expected = before[key] + 0.75 if key in names else before[key]
        torch.testing.assert_close(value, expected)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--keep-start", "1.5"], "no share"),
        (["--keep-start", "0.5"], "needs"),
        (["--hold-start", "-1"], "not between"),
        (["--hold-start", "1"], "needs"),
    ],
)
def test_a_way_back_needs_a_share_and_a_start(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_coco(tmp_path / "data", 2)
    assert main(["detector", str(data), "-o", str(tmp_path / "a.onnx"), *options]) == 1
    assert told in capsys.readouterr().err
