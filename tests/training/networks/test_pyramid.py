"""The trunk taken apart: its levels are what they state, folding changes nothing, what is frozen stays as it is."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
import torch.fx
from torch import nn

from tests.training.pictures import shake_norms
from training.networks.backbones import BACKBONES, load_trunk
from training.networks.pyramid import Pyramid, SteadyConv2d, find_levels, make_steady

LEVELS = {  # (stride, channels) as the papers have them; of the MobileNets, the widened maps where they are widest
    "lenet5": [(4, 16)],
    "alexnet": [(8, 192), (16, 256), (32, 256)],
    "googlenet": [(8, 480), (16, 832), (32, 1024)],
    "resnet18": [(8, 128), (16, 256), (32, 512)],
    "resnet50": [(8, 512), (16, 1024), (32, 2048)],
    "mobilenet_v2": [(8, 192), (16, 576), (32, 320)],
    "mobilenet_v3_large": [(8, 240), (16, 672), (32, 160)],
    "mobilenet_v3_large_ssd": [(8, 240), (16, 672), (32, 480)],
    "mobilenet_v3_small": [(8, 96), (16, 288), (32, 96)],
    "yolox_nano": [(8, 64), (16, 128), (32, 256)],
}
CLASSIFIERS = [name for name, backbone in BACKBONES.items() if not backbone.mixed]


def trunk_of(name: str) -> nn.Module:
    torch.manual_seed(0)
    trunk = load_trunk(name, None).eval()
    return trunk[:-1] if isinstance(trunk, nn.Sequential) and BACKBONES[name].widened else trunk


@pytest.mark.parametrize("name", BACKBONES)
def test_every_level_has_the_stride_and_the_channels_it_states(name: str) -> None:
    pyramid = Pyramid(trunk_of(name)).eval()
    assert [(level.stride, level.channels) for level in pyramid.levels] == LEVELS[name]
    with torch.no_grad():
        pictures = torch.rand(1, 3, 128, 96)
        raw, maps = pyramid.trunk(pictures), pyramid(pictures)
    for level, before, features in zip(pyramid.levels, raw, maps, strict=True):
        assert features.shape == (1, level.channels, 128 // level.stride, 96 // level.stride)
        lost = 4 if name in ("lenet5", "alexnet") else 0  # cells at the border
        assert 0 <= features.shape[2] - before.shape[2] <= lost
        assert 0 <= features.shape[3] - before.shape[3] <= lost


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_way_leads_around_a_level(name: str) -> None:
    graph = torch.fx.symbolic_trace(trunk_of(name))
    for level in find_levels(graph):
        reached: set[str] = set()
        for node in graph.graph.nodes:
            sources = {source.name for source in node.all_input_nodes}
            if node.name != level.node and (node.op == "placeholder" or sources & reached):
                reached.add(node.name)
        assert "output" not in reached, level


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_small", "resnet18", "googlenet"])
def test_folding_batch_normalisation_changes_no_output(name: str) -> None:
    trunk = trunk_of(name)
    shake_norms(trunk)
    plain, folded = Pyramid(copy.deepcopy(trunk), fold=False).eval(), Pyramid(trunk).eval()
    assert any(isinstance(module, nn.BatchNorm2d) for module in plain.modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.no_grad():
        pictures = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(1))
        for expected, features in zip(plain(pictures), folded(pictures), strict=True):
            assert expected.std() > 1e-3
            assert (features - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("layers", [0, 1, 4, 1000])
def test_exactly_the_first_parts_are_frozen(layers: int) -> None:
    pyramid = Pyramid(trunk_of("mobilenet_v3_small"), fold=False)
    names = [name for name, _ in pyramid.trunk.named_children()]
    assert pyramid.parts == len(names) == 12
    pyramid.set_trainable_layers(layers)
    pyramid.train()
    for place, name in enumerate(names):
        part = pyramid.trunk.get_submodule(name)
        trains = place >= len(names) - layers
        assert all(parameter.requires_grad == trains for parameter in part.parameters())
        norms = [module for module in part.modules() if isinstance(module, nn.BatchNorm2d)]
        assert all(norm.training == trains for norm in norms)


def test_gradients_and_statistics_reach_only_what_is_trained() -> None:
    pyramid = Pyramid(trunk_of("mobilenet_v3_small"), fold=False)
    pyramid.set_trainable_layers(4)
    pyramid.eval()
    pyramid.train()
    before = copy.deepcopy(pyramid.trunk.state_dict())
    loss = torch.stack([features.square().mean() for features in pyramid(torch.randn(2, 3, 64, 64))]).sum()
    loss.backward()
    trained = [name for name, _ in pyramid.trunk.named_children()][-4:]
    for name, parameter in pyramid.trunk.named_parameters():
        assert (parameter.grad is not None) == (name.split(".")[0] in trained), name
    for name, value in pyramid.trunk.state_dict().items():
        if "running_" in name:
            assert torch.equal(value, before[name]) == (name.split(".")[0] not in trained), name


def test_what_was_frozen_can_be_released() -> None:
    pyramid = Pyramid(trunk_of("mobilenet_v3_small"), fold=False)
    pyramid.set_trainable_layers(0)
    pyramid.set_trainable_layers(pyramid.parts)
    pyramid.train()
    assert all(parameter.requires_grad for parameter in pyramid.parameters())
    assert all(module.training for module in pyramid.trunk.children())


def test_a_trunk_without_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="no map"):
        Pyramid(nn.Sequential(nn.Flatten()))


def test_a_bypass_is_never_cut() -> None:
    class Bypass(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            total: torch.Tensor = picture + self.inner(picture)
            return total

    trunk = nn.Sequential(nn.Conv2d(3, 3, 8, stride=8), Bypass(), nn.Conv2d(3, 5, 2, stride=2))
    levels = find_levels(torch.fx.symbolic_trace(trunk))
    assert [(level.node, level.stride, level.channels) for level in levels] == [("add", 8, 3), ("_2", 16, 5)]


def test_only_slow_depthwise_convolutions_are_made_steady_and_they_stay_exact() -> None:
    torch.manual_seed(0)
    slow, fast, dense = nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 5)
    expected = slow(features := torch.randn(1, 8, 16, 16))
    network = nn.Sequential(slow, fast, dense)
    make_steady(network)
    assert [isinstance(layer, SteadyConv2d) for layer in network] == [True, False, False]
    assert torch.equal(slow(features), expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(slow(features), expected)
        assert dense(features).dtype == torch.bfloat16
