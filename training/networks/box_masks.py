"""The box-to-mask network: an FCN on the crop around a box, which knows no classes.

A trunk's maps at strides 2, 4 and 8, the coarser ones enlarged by transposed convolutions that begin as bilinear
interpolation and joined by the finer ones (Long et al., "Fully convolutional networks for semantic segmentation",
2015; Ronneberger et al., "U-Net", 2015, for joining by channels).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from training.networks.backbones import BACKBONES
from training.networks.detection import Normalise, Separable
from training.networks.pyramid import Pyramid
from training.networks.upsampling import bilinear_kernel

STRIDES = (2, 4, 8)
WIDTHS = (16, 32, 64)  # channels of the decoder at these strides


class Enlarge(nn.ConvTranspose2d):
    """Maps twice as large with other channels: at first each a bilinear interpolation of some of the given ones."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__(channels, out_channels, 4, stride=2, padding=1, bias=False)
        mixing = torch.empty(channels, out_channels)
        nn.init.kaiming_normal_(mixing, mode="fan_out", nonlinearity="linear")
        self.weight.data.copy_(mixing[:, :, None, None] * bilinear_kernel(2))


class BoxMaskNetwork(nn.Module):
    """Crops ``(N, 3, S, S)``, BGR in [0, 255] -> logits ``(N, S / 2, S / 2)``: does this belong to the object?

    trunk: of the backbone of that name; fold: see `Pyramid`. S is a multiple of 32.
    """

    def __init__(self, backbone: str, trunk: nn.Module, fold: bool = True, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        stated = BACKBONES[backbone]
        self.normalise = Normalise(stated.mean, stated.deviation)
        self.pyramid = Pyramid(trunk, fold, STRIDES)
        at2, at4, at8 = (level.channels for level in self.pyramid.levels)
        fine, middle, coarse = widths
        self.mix8 = Separable(at8, coarse)
        self.enlarge8, self.mix4 = Enlarge(coarse, middle), Separable(middle + at4, middle)
        self.enlarge4, self.mix2 = Enlarge(middle, fine), Separable(fine + at2, fine, 3)
        self.score = nn.Conv2d(fine, 1, 1)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Logits of half the crops' sides."""
        at2, at4, at8 = self.pyramid(self.normalise(crops))
        mixed = self.mix4(torch.cat([self.enlarge8(self.mix8(at8)), at4], dim=1))
        mixed = self.mix2(torch.cat([self.enlarge4(mixed), at2], dim=1))
        logits: torch.Tensor = self.score(mixed).squeeze(1)
        return logits
