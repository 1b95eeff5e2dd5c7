"""The chain from a classifier to a sliding detector: each step against the slow, obviously right way."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch

from training.networks.backbones import BACKBONES, load_trunk
from training.networks.sliding import (
    LocalisationNetwork,
    box_iou_of_pairs,
    localisation_loss,
    slide,
    split,
    to_fully_convolutional,
)

CLASSES = 6


def network_of(name: str, window: int, flat: bool = False) -> LocalisationNetwork:
    torch.manual_seed(0)
    return LocalisationNetwork(load_trunk(name, None), BACKBONES[name].out_channels, CLASSES, window, flat).eval()


@pytest.mark.parametrize("flat", [False, True])
def test_on_one_window_the_convolutional_network_gives_the_same_numbers(flat: bool) -> None:
    network = network_of("mobilenet_v2", 224, flat)
    picture = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        answer = to_fully_convolutional(network)(picture)
        assert answer.shape == (2, CLASSES + 5, 1, 1)
        assert torch.allclose(answer[:, :, 0, 0], network(picture), atol=1e-5)


def test_a_window_of_224_gives_a_grid_of_8_on_448() -> None:
    network = network_of("mobilenet_v2", 224)
    assert network.cells == 7
    with torch.no_grad():
        assert to_fully_convolutional(network)(torch.rand(1, 3, 448, 448)).shape == (1, CLASSES + 5, 8, 8)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (44, 72)])
def test_without_padding_one_pass_equals_every_window_by_itself(flat: bool, size: tuple[int, int]) -> None:
    network = network_of("lenet5", 32, flat)
    picture = torch.rand(3, *size)
    with torch.no_grad():
        one_pass = to_fully_convolutional(network)(picture[None])[0]
    windows = slide(network, picture, BACKBONES["lenet5"].stride)
    assert one_pass.shape == windows.shape == (CLASSES + 5, (size[0] - 32) // 4 + 1, (size[1] - 32) // 4 + 1)
    assert (one_pass - windows).abs().max() < 1e-5
    assert windows.std(dim=(1, 2)).min() > 1e-4, "the windows do differ"


def test_with_padding_the_two_differ_at_the_windows_borders() -> None:
    network = network_of("alexnet", 96, flat=True)
    picture = torch.rand(3, 160, 160)
    with torch.no_grad():
        one_pass = to_fully_convolutional(network)(picture[None])[0]
    windows = slide(network, picture, 32)
    assert one_pass.shape == windows.shape
    assert 1e-5 < (one_pass - windows).abs().max() < 1


def test_only_the_last_layers_are_trained_and_frozen_averages_stay() -> None:
    network = network_of("mobilenet_v2", 64)
    network.set_trainable_layers(0)
    network.train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    loss = localisation_loss(network(torch.rand(4, 3, 64, 64)), torch.tensor([0, 1, 2, -1]), torch.rand(4, 4))
    loss.backward()
    optimiser.step()
    changed = {key for key, value in network.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"head.weight", "head.bias"}
    network.set_trainable_layers(2)
    trained = {key.split(".")[1] for key, p in network.trunk.named_parameters(prefix="trunk") if p.requires_grad}
    assert trained == {"17", "18"}
    parts = list(network.trunk.children())
    assert (parts[18].training, parts[16].training) == (True, False)


def test_the_loss_weighs_its_tasks_and_leaves_background_without_a_box() -> None:
    outputs, boxes = torch.randn(3, CLASSES + 5), torch.rand(3, 4) * 0.5 + 0.2
    background = torch.tensor([-1, -1, -1])
    expected = torch.nn.functional.softplus(outputs[:, -1]).mean()  # cross-entropy of "no object"
    assert torch.allclose(localisation_loss(outputs, background, boxes), expected)
    objects = torch.tensor([0, 3, 5])
    whole = localisation_loss(outputs, objects, boxes)
    bare = localisation_loss(outputs, objects, boxes, classification_weight=0.0, box_weight=0.0)
    classes = torch.nn.functional.cross_entropy(outputs[:, :CLASSES], objects)
    box = torch.nn.functional.smooth_l1_loss(split(outputs, CLASSES).boxes, boxes, beta=0.1)
    assert torch.allclose(whole, bare + 0.8 * classes + 0.2 * box)


def test_confidence_learns_the_overlap() -> None:
    boxes = torch.tensor([[0.5, 0.5, 0.4, 0.4]])
    outputs = torch.zeros(1, CLASSES + 5)
    outputs[0, CLASSES : CLASSES + 4] = torch.logit(torch.tensor([0.6, 0.5, 0.4, 0.4]))
    outputs.requires_grad_(True)
    optimiser = torch.optim.SGD([outputs], lr=1.0)
    for _ in range(300):
        optimiser.zero_grad()
        loss = localisation_loss(outputs, torch.tensor([1]), boxes, classification_weight=0.0, box_weight=0.0)
        loss.backward()
        optimiser.step()
    assert outputs[0, -1].sigmoid().item() == pytest.approx(0.3 / 0.5, abs=0.01)


def test_a_small_network_learns_to_localise() -> None:
    torch.manual_seed(0)
    network = network_of("lenet5", 32, flat=True).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)

    def batch(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Bright squares (class 0) and dark ones (class 1) on grey."""
        pictures, class_ids = torch.full((count, 3, 32, 32), 0.5), torch.randint(0, 2, (count,))
        corners, sides = torch.randint(2, 14, (count, 2)), torch.randint(8, 16, (count,))
        for picture, (x, y), side, class_id in zip(pictures, corners, sides, class_ids, strict=True):
            picture[:, y : y + side, x : x + side] = 1.0 - class_id
        boxes = torch.cat([(corners + sides[:, None] / 2), sides[:, None].repeat(1, 2)], dim=1) / 32
        return pictures, class_ids, boxes

    for _ in range(250):
        pictures, class_ids, boxes = batch(32)
        optimiser.zero_grad()
        localisation_loss(network(pictures), class_ids, boxes, box_weight=2.0).backward()
        optimiser.step()
    pictures, class_ids, boxes = batch(200)
    with torch.no_grad():
        found = split(network.eval()(pictures), CLASSES)
    assert (found.class_logits.argmax(dim=1) == class_ids).float().mean() > 0.97
    assert box_iou_of_pairs(found.boxes, boxes).mean() > 0.6


def test_iou_of_pairs_is_torchvisions() -> None:
    from torchvision.ops import box_convert, box_iou

    a, b = torch.rand(50, 4) * 0.5 + 0.1, torch.rand(50, 4) * 0.5 + 0.1
    expected = box_iou(box_convert(a, "cxcywh", "xyxy"), box_convert(b, "cxcywh", "xyxy")).diagonal()
    assert torch.allclose(box_iou_of_pairs(a, b), expected, atol=1e-6)
