"""A wider network begins as good as the narrow one, always in the same way, and its copies part while it learns."""

from __future__ import annotations

import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch import nn

from tests.training.pictures import shake_norms
from training.loop.detector_plan import Plan
from training.loop.transfer import Weights, transfer
from training.loop.widening import widen
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork, build

NARROW, WIDE = "yolox_nano", "yolox_nano_wide"
NAMES = ("person", "car")


def network(backbone: str, seed: int, fold: bool = True) -> DetectionNetwork:
    torch.manual_seed(seed)
    net = build(backbone, load_trunk(backbone, None), len(NAMES), fold)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):  # so that what comes out depends on the picture
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    shake_norms(net)
    return net.eval().requires_grad_(True)


def widest(net: DetectionNetwork) -> nn.Conv2d:
    """The layer whose second half of channels are copies of the first."""
    layer = net.pyramid.trunk.get_submodule("stride32.2.join.0")
    assert isinstance(layer, nn.Conv2d)
    return layer


@pytest.mark.parametrize("fold", [True, False])
def test_a_wide_network_answers_as_the_narrow_one_it_was_made_of(fold: bool) -> None:
    narrow, wide = network(NARROW, 1, fold), network(WIDE, 2, fold)
    widen(narrow, wide)
    pictures = torch.rand(2, 3, 96, 160) * 255
    with torch.no_grad():
        expected, found = narrow(pictures), wide(pictures)
    assert expected.logits.std() > 0.1, "the answers do differ"
    torch.testing.assert_close(found.logits, expected.logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.boxes, expected.boxes, rtol=1e-2, atol=0.1)


def test_its_copies_are_read_unequally_and_part() -> None:
    wide = network(WIDE, 2)
    widen(network(NARROW, 1), wide)
    layer = widest(wide)
    torch.testing.assert_close(layer.weight[:128].sum(dim=1), layer.weight[256:].sum(dim=1), rtol=1e-4, atol=1e-4)
    wide.train()
    wide(torch.rand(1, 3, 64, 64) * 255).logits.square().sum().backward()
    assert layer.bias is not None
    assert layer.bias.grad is not None
    first, copy = layer.bias.grad[:128], layer.bias.grad[256:]
    assert ((first - copy).abs() > 0.05 * (first.abs() + copy.abs())).float().mean() > 0.5


def test_a_start_is_widened_where_the_plan_asks_for_it_the_same_way_each_time() -> None:
    narrow = network(NARROW, 1)
    weights = Weights(narrow.state_dict(), Plan(NARROW, NAMES))
    first, second = network(WIDE, 2), network(WIDE, 3)
    for each in (first, second):
        transfer(weights, each, Plan(WIDE, NAMES[::-1]))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(first.parameters(), second.parameters(), strict=True))
    pictures = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        torch.testing.assert_close(
            first(pictures).logits, narrow(pictures).logits.flip(2), rtol=1e-3, atol=1e-3
        )


def test_what_cannot_be_widened_is_refused() -> None:
    with pytest.raises(ValueError, match="narrower"):
        widen(network(WIDE, 1), network(NARROW, 2))
    with pytest.raises(ValueError, match="towers"):
        widen(network("mobilenet_v3_small", 1), network(WIDE, 2))
