"""Transposed convolutions that begin as bilinear interpolation, as in Long et al. (2015), section 4.2.

A transposed convolution of stride s is a convolution of stride 1 / s: the cells are spread s apart, with zeros between,
and a kernel slides over what is there then (Dumoulin and Visin, 2016, section 4.5). With a kernel that falls off
linearly from its middle, what lies between two cells becomes their mixture: bilinear interpolation.
"""

from __future__ import annotations

import torch
from torch import nn


def bilinear_kernel(factor: int) -> torch.Tensor:
    """The kernel ``(k, k)`` that interpolates to a grid `factor` times as fine; k is 2 * factor, or 1 less if odd."""
    size = 2 * factor - factor % 2
    distance = (torch.arange(size) - (size - 1) / 2).abs()
    line = 1 - distance / factor
    return line[:, None] * line[None, :]


class Upsampling(nn.ConvTranspose2d):
    """Maps `factor` times as large, at first by bilinear interpolation, channel by channel.

    The cells of the large map lie inside those of the small one, as pixels inside a cell: ``(N, C, H, W)`` becomes
    ``(N, C, factor * H, factor * W)``. At the border, where there is nothing beyond, the map falls off towards zero.
    """

    def __init__(self, channels: int, factor: int) -> None:
        kernel = bilinear_kernel(factor)
        size = len(kernel)
        super().__init__(channels, channels, size, factor, (size - factor) // 2, bias=False)
        self.weight.data.zero_()
        for channel in range(channels):
            self.weight.data[channel, channel] = kernel
