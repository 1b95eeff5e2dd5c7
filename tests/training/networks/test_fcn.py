"""FCN-32s, -16s and -8s: what they enlarge, what their skips begin as, and the way from a classifier to them."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch.nn import functional

from training.networks.backbones import BACKBONES, load_trunk
from training.networks.fcn import FCN, FINEST, score_map
from training.networks.sliding import LocalisationNetwork, slide
from training.networks.upsampling import Upsampling, bilinear_kernel


@pytest.mark.parametrize("factor", [2, 3, 4, 8, 16, 32])
def test_at_first_a_transposed_convolution_interpolates(factor: int) -> None:
    maps = torch.rand(2, 3, 6, 5)
    with torch.no_grad():
        larger = Upsampling(3, factor)(maps)
    expected = functional.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
    assert larger.shape == expected.shape
    inside = slice(factor, -factor)  # at the border torch repeats the last cell, and here is nothing
    assert torch.allclose(larger[..., inside, inside], expected[..., inside, inside], atol=1e-5)


def test_the_kernel_of_2_is_the_papers() -> None:
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    assert torch.allclose(bilinear_kernel(2), line[:, None] * line)


def fcn_of(name: str, finest: int) -> FCN:
    torch.manual_seed(0)
    return FCN(name, load_trunk(name, None), 4, finest).eval()


@pytest.mark.parametrize("name", BACKBONES)
def test_every_trunk_becomes_one(name: str) -> None:
    with torch.no_grad():
        assert fcn_of(name, 8)(torch.rand(1, 3, 96, 64) * 255).shape == (1, 4, 96, 64)


@pytest.mark.parametrize("finest", FINEST)
def test_a_pixel_s_answer_has_the_stride_of_the_finest_map(finest: int) -> None:
    network = fcn_of("mobilenet_v3_small", finest)
    picture = torch.rand(1, 3, 128, 128) * 255
    with torch.no_grad():
        maps, logits = network.features(picture), network(picture)
    assert [128 // each.shape[2] for each in maps] == [stride for stride in (8, 16, 32) if stride >= finest]
    line = logits[0, :, 64].double()
    bends = torch.cat([torch.zeros(4, 1), line.diff(n=2).abs(), torch.zeros(4, 1)], dim=1) > 1e-4 * line.std()
    assert line.std() > 0
    places = {place % finest for place in bends.any(dim=0).nonzero().flatten().tolist()}
    assert places == {finest // 2 - 1, finest // 2}, "between the middles of its cells the answer is a straight line"


def test_a_skip_begins_as_if_it_were_not_there() -> None:
    coarse, fine = fcn_of("mobilenet_v3_small", 32), fcn_of("mobilenet_v3_small", 8)
    fine.pyramid.load_state_dict(coarse.pyramid.state_dict(), strict=False)
    fine.scores[-1].load_state_dict(coarse.scores[-1].state_dict())
    picture = torch.rand(1, 3, 160, 160) * 255
    with torch.no_grad():
        one, two = coarse(picture), fine(picture)
    middle = slice(48, -48)  # interpolating twice is interpolating once, but for the corners of the grid's cells
    assert (one - two)[..., middle, middle].abs().max() < 0.2 * one[..., middle, middle].std()


def test_skips_and_enlargements_learn_and_the_last_one_does_not() -> None:
    network = fcn_of("mobilenet_v3_small", 8)
    network(torch.rand(1, 3, 64, 64) * 255).square().mean().backward()
    assert all(layer.weight.grad.abs().sum() > 0 for layer in network.scores)  # type: ignore[union-attr, operator]
    assert all(layer.weight.grad is not None for layer in network.enlarge)
    assert network.last.weight.grad is None


def test_only_the_papers_strides_are_taken() -> None:
    with pytest.raises(ValueError, match="finest"):
        fcn_of("lenet5", 4)


def test_the_mean_of_a_score_map_is_what_the_classifier_says_of_the_window() -> None:
    torch.manual_seed(0)
    network = LocalisationNetwork(load_trunk("lenet5", None), 16, 3, window=32).eval()
    picture = torch.rand(3, 32, 32)
    with torch.no_grad():
        scores = score_map(network)(network.trunk(picture[None]))
        said = slide(network, picture, 4)[:3, 0, 0]
    assert scores.shape == (1, 3, 5, 5)
    assert torch.allclose(scores.mean((0, 2, 3)), said, atol=1e-6)
    flat = LocalisationNetwork(load_trunk("lenet5", None), 16, 3, window=32, flat=True)
    with pytest.raises(ValueError, match="pools nothing"):
        score_map(flat)
