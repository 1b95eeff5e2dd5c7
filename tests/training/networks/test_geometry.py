"""The arithmetic of convolutions and of transposed ones, against torch itself."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from torch import nn
from torch.nn import functional

from training.networks.geometry import convolved, geometry_of, transposed

SETTINGS = [
    setting
    for setting in itertools.product((1, 2, 3, 4, 5, 16), (1, 2, 3, 8), (0, 1, 2), (1, 2))  # kernel, stride, ...
    if setting[2] < setting[3] * (setting[0] - 1) + 1
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), SETTINGS)
def test_sizes_are_those_of_torch(kernel: int, stride: int, padding: int, dilation: int) -> None:
    line = torch.rand(1, 1, 40)
    weight = torch.rand(1, 1, kernel)
    smaller = functional.conv1d(line, weight, stride=stride, padding=padding, dilation=dilation)
    assert convolved(40, kernel, stride, padding, dilation) == smaller.shape[2]
    for extra in range(min(stride, 2)):
        larger = functional.conv_transpose1d(line, weight, None, stride, padding, extra, dilation=dilation)
        assert transposed(40, kernel, stride, padding, dilation, extra) == larger.shape[2]


def test_a_transposed_convolution_makes_the_side_again_that_a_convolution_made_smaller() -> None:
    for side, kernel, stride, padding in itertools.product(range(9, 30), (2, 3, 4, 7), (1, 2, 3), (0, 1)):
        smaller = convolved(side, kernel, stride, padding)
        lost = (side + 2 * padding - kernel) % stride
        assert transposed(smaller, kernel, stride, padding, extra=lost) == side


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (4, 2, 1), (3, 2, 0), (16, 8, 4), (2, 3, 0)])
def test_it_is_a_convolution_of_stride_one_over_cells_spread_apart(kernel: int, stride: int, padding: int) -> None:
    maps, weight = torch.rand(1, 2, 5, 6), torch.rand(2, 3, kernel, kernel)
    spread = maps.new_zeros(1, 2, 4 * stride + 1, 5 * stride + 1)
    spread[:, :, ::stride, ::stride] = maps
    turned = weight.transpose(0, 1).flip((2, 3))
    expected = functional.conv2d(spread, turned, padding=kernel - 1)
    if padding:
        expected = expected[:, :, padding:-padding, padding:-padding]
    found = functional.conv_transpose2d(maps, weight, stride=stride, padding=padding)
    assert torch.allclose(found, expected, atol=1e-5)


NETWORKS = {
    "enlarged by 2": lambda: [nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2, 1)],
    "enlarged by 8": lambda: [nn.Conv2d(1, 1, 9, 8, 4), nn.ConvTranspose2d(1, 1, 16, 8, 4)],
    "a kernel as wide as the stride": lambda: [nn.Conv2d(1, 1, 3, 4, 1), nn.ConvTranspose2d(1, 1, 2, 2)],
    "a kernel of 3": lambda: [nn.Conv2d(1, 1, 5, 4, 2), nn.ConvTranspose2d(1, 1, 3, 2, 1)],
    "dilated": lambda: [nn.Conv2d(1, 1, 3, 4, 1), nn.ConvTranspose2d(1, 1, 3, 2, 2, dilation=2)],
    "twice, then a convolution": lambda: [
        nn.Conv2d(1, 1, 5, 4, 2),
        nn.ConvTranspose2d(1, 1, 4, 2, 1),
        nn.ConvTranspose2d(1, 1, 4, 2, 1),
        nn.Conv2d(1, 1, 3, padding=1),
    ],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_cell_sees_behind_a_transposed_convolution_is_where_its_gradient_reaches(name: str) -> None:
    network = nn.Sequential(*NETWORKS[name]())
    for parameter in network.parameters():
        nn.init.constant_(parameter, 1.0)
    told = geometry_of(network)
    picture = torch.ones(1, 1, 128, 128, requires_grad=True)
    answer = network(picture)
    assert answer.shape[2] * told.stride == pytest.approx(128, abs=2 * told.stride * 4)
    reaches = []
    middle = answer.shape[2] // 2
    for row in range(middle, middle + 8):
        (gradient,) = torch.autograd.grad(answer[0, 0, row].sum(), picture, retain_graph=True)
        rows = gradient[0, 0].abs().sum(1).nonzero().flatten()
        if len(rows):  # a kernel with holes leaves some cells out
            reaches.append(int(rows[-1] - rows[0]) + 1)
    assert told.receptive_field == max(reaches)


def test_a_map_finer_than_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        geometry_of(nn.Sequential(nn.ConvTranspose2d(1, 1, 4, 2, 1)))
