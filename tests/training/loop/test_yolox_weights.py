"""YOLOX-nano's file as a start: the boxes and scores that it gives are those of the network made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

import onnxruntime
import torch
from torch import nn
from torch.nn import functional

from detectors import InputError
from detectors.coco import COCO_CLASSES
from tests.training.networks.test_onnx_trunk import write_convolutions
from training.loop.detector_plan import Plan
from training.loop.transfer import load_weights, transfer
from training.loop.yolox_weights import _six_by_six, yolox_network
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork, build
from training.networks.grid import make_grid
from training.networks.heads import TowerHead

BACKBONE = "yolox_nano"


def random_network() -> DetectionNetwork:
    torch.manual_seed(3)
    return build(BACKBONE, load_trunk(BACKBONE, None), len(COCO_CLASSES)).eval()


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DetectionNetwork]:
    """A file of the layers of YOLOX-nano, and a network that it was made of."""
    network = random_network()
    assert isinstance(network.head, TowerHead)
    stem, *layers = convolutions(network.pyramid)
    squares = nn.Conv2d(12, 16, 3)
    whole = stem.weight.data.flip(1)  # blue first
    parts = [whole[:, :, down::2, right::2] for down, right in ((0, 0), (1, 0), (0, 1), (1, 1))]
    squares.weight.data, squares.bias = torch.cat(parts, dim=1), stem.bias
    layers = [squares, *layers]
    for tower, output in zip(network.head.towers, network.head.outputs(), strict=True):
        tower_layers = convolutions(tower)
        classes, box, thing = (nn.Conv2d(64, count, 1) for count in (80, 4, 1))
        weight, bias = output.weight.data, output.bias
        assert bias is not None
        thing.weight.data.normal_(std=0.1)
        classes.weight.data, box.weight.data = weight[:80, :64].clone(), weight[80:, 64:].clone()
        weight[:80, 64:], weight[80:, :64] = thing.weight.data, 0
        thing.bias.data.fill_(0.5)  # type: ignore[union-attr]  # it has one
        classes.bias, box.bias = nn.Parameter(bias[:80] - 0.5), nn.Parameter(bias[80:].clone())
        layers += [*tower_layers[:5], classes, *tower_layers[5:], box, thing]
    return write_convolutions(tmp_path_factory.mktemp("yolox") / "nano.onnx", layers), network


def test_the_network_gives_what_the_file_was_made_of(exported: tuple[Path, DetectionNetwork]) -> None:
    path, network = exported
    pictures = torch.rand(1, 3, 64, 96) * 255
    with torch.no_grad():
        expected, found = network(pictures), yolox_network(path).eval()(pictures)
    assert torch.allclose(found.logits, expected.logits, atol=1e-4)
    assert torch.allclose(found.boxes, expected.boxes, atol=1e-2)


def test_a_start_keeps_the_classes_it_knows(exported: tuple[Path, DetectionNetwork]) -> None:
    path, network = exported
    weights = load_weights(path)
    mine = build(BACKBONE, load_trunk(BACKBONE, None), 2).eval()
    transfer(weights, mine, Plan(BACKBONE, ("truck", "Person")))
    pictures = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        expected, found = network(pictures), mine(pictures)
    assert torch.allclose(found.logits, expected.logits[..., [COCO_CLASSES.index("truck"), 0]], atol=1e-4)
    assert torch.allclose(found.boxes, expected.boxes, atol=1e-2)


def test_another_backbone_is_refused(exported: tuple[Path, DetectionNetwork]) -> None:
    other = build("mobilenet_v3_small", load_trunk("mobilenet_v3_small", None), 2)
    with pytest.raises(InputError, match="use --backbone yolox_nano"):
        transfer(load_weights(exported[0]), other, Plan("mobilenet_v3_small", ("person", "car")))


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    path = write_convolutions(tmp_path / "other.onnx", [nn.Conv2d(12, 16, 3)])
    with pytest.raises(InputError, match="is no export of YOLOX-nano"):
        load_weights(path)
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(InputError, match="is no ONNX model"):
        load_weights(tmp_path / "junk.onnx")


def test_a_convolution_of_every_second_pixel_is_one_of_all() -> None:
    """The published first layer: squares of four pixels become channels, then a 3 x 3 convolution."""
    torch.manual_seed(0)
    kernel, picture = torch.randn(5, 12, 3, 3), torch.randn(1, 3, 10, 14)  # blue first
    corners = [picture[:, :, down::2, right::2] for down, right in ((0, 0), (1, 0), (0, 1), (1, 1))]
    expected = functional.conv2d(torch.cat(corners, dim=1), kernel, padding=1)
    whole = torch.from_numpy(_six_by_six(kernel.numpy()))
    found = functional.conv2d(picture.flip(1), whole, stride=2, padding=2)
    assert torch.allclose(found, expected, atol=1e-4)


def test_the_released_weights_give_their_own_boxes_and_scores(shared: Path) -> None:
    path = shared / "teacher" / "yolox_nano.onnx"
    picture = np.random.default_rng(0).integers(0, 256, (1, 3, 96, 160)).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    raw = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: picture})[0][0])
    with torch.no_grad():
        found = yolox_network(path).eval()(torch.from_numpy(picture))
    grid = make_grid(96, 160)
    stride = grid.strides[:, None]
    middle, half = grid.centres + (raw[:, :2] - 0.5) * stride, raw[:, 2:4].exp() * stride / 2
    assert (found.boxes[0] - torch.cat([middle - half, middle + half], dim=1)).abs().max() < 1e-2
    scores = raw[:, 4:].clamp(1e-6, 1 - 1e-6)
    expected = scores[:, 1:].logit() + scores[:, :1].logit()
    sure = (scores[:, 1:] > 1e-5) & (scores[:, :1] > 1e-5)
    assert sure.sum() > 1000
    assert (found.logits[0] - expected)[sure].abs().max() < 1e-2
