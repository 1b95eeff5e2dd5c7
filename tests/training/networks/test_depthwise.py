"""Our gradients of depthwise convolutions against torch's own, and what happens where no compiler is."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from torch import nn

from training.networks import depthwise
from training.networks.depthwise import DepthwiseConv2d, is_served, library, picture_gradient
from training.networks.pyramid import SteadyConv2d, make_steady

SHAPES = [
    (24, 17, 5, 2),
    (72, 16, 5, 1),
    (40, 9, 3, 2),
    (8, 6, 3, 1),
    (16, 3, 5, 1),
]  # channels, height, kernel, stride
needs_compiler = pytest.mark.skipif(library() is None, reason="needs a C compiler and a CPU with bfloat16")


@needs_compiler
@pytest.mark.parametrize(("channels", "height", "kernel", "stride"), SHAPES)
def test_output_and_gradients_are_those_of_torch_in_single_precision(
    channels: int, height: int, kernel: int, stride: int
) -> None:
    torch.manual_seed(0)
    expected = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels)
    own = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels)
    own.load_state_dict(expected.state_dict())
    assert is_served(own)
    own.__class__ = DepthwiseConv2d
    pictures = torch.randn(3, channels, height, height + 3)
    a, b = pictures.clone().requires_grad_(), pictures.clone().requires_grad_()
    output = expected(a)
    gradient = torch.randn_like(output)
    output.backward(gradient)
    with torch.autocast("cpu", torch.bfloat16):
        half = own(b)
    half.backward(gradient.bfloat16())
    assert half.dtype == torch.bfloat16
    assert own.weight.grad is not None
    assert own.weight.grad.dtype == torch.float32
    parameters = zip(expected.parameters(), own.parameters(), strict=True)
    pairs = [(output, half), (a.grad, b.grad), *((theirs.grad, mine.grad) for theirs, mine in parameters)]
    for theirs, mine in pairs:
        assert mine is not None
        assert theirs is not None
        assert (mine.float() - theirs).abs().max() < 0.01 * theirs.abs().max()


@needs_compiler
def test_without_autocast_it_is_the_plain_convolution() -> None:
    plain = nn.Conv2d(8, 8, 5, padding=2, groups=8)
    features = torch.randn(1, 8, 6, 6)
    expected = plain(features)
    plain.__class__ = DepthwiseConv2d
    assert torch.equal(plain(features), expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_gradient_of_the_picture_needs_no_compiler(stride: int) -> None:
    torch.manual_seed(0)
    picture, kernels = torch.randn(2, 4, 9, 10, requires_grad=True), torch.randn(4, 1, 5, 5)
    output = nn.functional.conv2d(picture, kernels, None, stride, 2, groups=4)
    gradient = torch.randn_like(output)
    output.backward(gradient)
    assert torch.allclose(picture_gradient(gradient, kernels, stride, picture.shape[2:]), picture.grad, atol=1e-5)  # type: ignore[arg-type]


def test_other_layers_are_left_alone() -> None:
    for layer in (
        nn.Conv2d(8, 8, 5, padding=2),
        nn.Conv2d(8, 16, 5, padding=2, groups=8),
        nn.Conv2d(8, 8, 7, padding=3, groups=8),
        nn.Conv2d(8, 8, 5, groups=8),
        nn.Conv2d(8, 8, 5, padding=2, dilation=2, groups=8),
    ):
        assert not is_served(layer)


def test_without_a_compiler_slow_ones_are_kept_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert library.__wrapped__() is None
    monkeypatch.setattr(depthwise, "library", lambda: None)
    network = nn.Sequential(nn.Conv2d(8, 8, 5, padding=2, groups=8))
    make_steady(network)
    assert isinstance(network[0], SteadyConv2d)


def test_a_compiler_that_fails_is_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "depthwise.c"
    broken.write_text("this is no C")
    monkeypatch.setattr(depthwise, "SOURCE", broken)
    assert library.__wrapped__() is None
