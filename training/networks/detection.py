"""The detection network: a trunk's feature maps, mixed up and down, and a head that slides over all of them.

Top-down and bottom-up paths as in Lin et al., "Feature pyramid networks" (2017), and Liu et al., "Path aggregation
network" (2018), of depthwise separable convolutions (Howard et al., "MobileNets", 2017), unless the trunk has its own.
There is no dense layer anywhere: each answer is what the head would say of that window alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from training.networks.backbones import BACKBONES, IMAGENET_DEVIATION, IMAGENET_MEAN
from training.networks.grid import Answers, Grid, make_grid
from training.networks.heads import Head, SharedHead, TowerHead
from training.networks.pyramid import STRIDES, Pyramid

WIDTH = 96  # channels of neck and head
MEAN, DEVIATION = IMAGENET_MEAN, IMAGENET_DEVIATION  # red first, as torchvision's trunks expect it


class Normalise(nn.Module):
    """Pictures ``(N, 3, H, W)``, BGR in [0, 255] -> what the trunk was trained with, red first."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, mean: Sequence[float] = MEAN, deviation: Sequence[float] = DEVIATION) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        normal: torch.Tensor = (pictures.flip(1) - self.mean) / self.deviation
        return normal


class Centre(nn.Module):
    """The part of `Normalise` that cannot be absorbed by the first convolution, whose padding is zero."""

    mean: torch.Tensor

    def __init__(self, mean: torch.Tensor) -> None:
        """mean: ``(1, 3, 1, 1)``, red first."""
        super().__init__()
        self.register_buffer("mean", mean.flip(1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        centred: torch.Tensor = pictures - self.mean
        return centred


class Separable(nn.Sequential):
    """A depthwise convolution and a pointwise one, each with batch normalisation and a rectifier."""

    def __init__(self, channels: int, out_channels: int, kernel: int = 5, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


def _pointwise(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)
    )


class Neck(nn.Module):
    """Maps of any channels -> as many maps of `width` channels that have seen each other."""

    def __init__(self, channels: Sequence[int], missing: int, width: int = WIDTH) -> None:
        super().__init__()
        levels = len(channels) + missing
        self.lateral = nn.ModuleList(_pointwise(each, width) for each in channels)
        self.coarser = nn.ModuleList(Separable(width, width, stride=2) for _ in range(missing))
        self.down = nn.ModuleList(Separable(2 * width, width) for _ in range(levels - 1))
        self.shrink = nn.ModuleList(Separable(width, width, stride=2) for _ in range(levels - 1))
        self.up = nn.ModuleList(Separable(2 * width, width) for _ in range(levels - 1))

    def forward(self, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Maps from fine to coarse, each half as large as the one before."""
        levels = [lateral(features) for lateral, features in zip(self.lateral, maps, strict=True)]
        for coarser in self.coarser:
            levels.append(coarser(levels[-1]))
        for place, mix in enumerate(self.down):
            fine = len(levels) - 2 - place
            above = functional.interpolate(levels[fine + 1], scale_factor=2.0, mode="nearest")
            levels[fine] = mix(torch.cat([levels[fine], above], dim=1))
        for place, (shrink, mix) in enumerate(zip(self.shrink, self.up, strict=True)):
            levels[place + 1] = mix(torch.cat([levels[place + 1], shrink(levels[place])], dim=1))
        return levels


class DetectionNetwork(nn.Module):
    """Pictures ``(N, 3, H, W)``, BGR in [0, 255], H and W multiples of 32 -> `Answers`.

    trunk: from `training.networks.backbones`, pretrained or not. fold: see `Pyramid`. normalise: as the
    trunk was trained with. mixed: the trunk's maps have seen each other already, at all strides.
    """

    neck: Neck | nn.Identity
    head: Head

    def __init__(
        self,
        trunk: nn.Module,
        classes: int,
        fold: bool = True,
        normalise: Normalise | None = None,
        mixed: bool = False,
    ) -> None:
        super().__init__()
        self.normalise: Normalise | Centre | nn.Identity = normalise or Normalise()
        self.pyramid = Pyramid(trunk, fold)
        channels = [level.channels for level in self.pyramid.levels]
        if mixed:
            self.neck, self.head = nn.Identity(), TowerHead(classes, channels, fold)
        else:
            missing = int(math.log2(STRIDES[-1] / self.pyramid.levels[-1].stride))
            self.neck, self.head = Neck(channels, missing), SharedHead(classes, len(STRIDES), WIDTH)

    def forward(self, pictures: torch.Tensor) -> Answers:
        """Logits and boxes of every cell."""
        height, width = pictures.shape[2:]
        return self.answer(self.features(pictures), make_grid(height, width, pictures.device))

    def features(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """The trunk's maps of pictures."""
        maps: list[torch.Tensor] = self.pyramid(self.normalise(pictures))
        return maps

    def absorb_normalisation(self) -> None:
        """Let the first convolution swap and scale the colours: the same answers, three passes over the frame fewer."""
        first = next(module for module in self.pyramid.modules() if isinstance(module, nn.Conv2d))
        assert isinstance(self.normalise, Normalise)
        first.weight.data = (first.weight.data / self.normalise.deviation).flip(1)
        self.normalise = Centre(self.normalise.mean) if self.normalise.mean.any() else nn.Identity()

    def answer(self, maps: Sequence[torch.Tensor], grid: Grid) -> Answers:
        """What neck and head make of the trunk's maps."""
        return self.head(self.neck(maps)[-len(STRIDES) :], grid)


def build(backbone: str, trunk: nn.Module, classes: int, fold: bool = True) -> DetectionNetwork:
    """A detection network on the trunk of the named backbone, without the layer that only serves its classifier."""
    stated = BACKBONES[backbone]
    needed = trunk[:-1] if stated.widened and isinstance(trunk, nn.Sequential) else trunk
    return DetectionNetwork(needed, classes, fold, Normalise(stated.mean, stated.deviation), stated.mixed)
