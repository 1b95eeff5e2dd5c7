"""The detection network: a trunk's feature maps, mixed up and down, and one head that slides over all of them.

Top-down and bottom-up paths as in Lin et al., "Feature pyramid networks" (2017), and Liu et al., "Path aggregation
network" (2018), of depthwise separable convolutions (Howard et al., "MobileNets", 2017); a head without anchors, whose
boxes are distances from a cell's centre (Tian et al., "FCOS", 2019), shared by all levels but for its batch
normalisation. There is no dense layer anywhere: each answer is what the head would say of that window alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from training.networks.backbones import BACKBONES, IMAGENET_DEVIATION, IMAGENET_MEAN
from training.networks.pyramid import STRIDES, Pyramid

WIDTH = 96  # channels of neck and head
PRIOR = 0.01  # the score that an untrained head gives each cell
FARTHEST = 5.0  # a side of a box is at most exp(5) = 148 strides away from its cell
MEAN, DEVIATION = IMAGENET_MEAN, IMAGENET_DEVIATION  # red first, as torchvision's trunks expect it


class Answers(NamedTuple):
    """What the network says of every cell of all levels, the finest level first, in rows.

    logits: ``(N, cells, C)``. boxes: ``(N, cells, 4)`` xyxy in pixels of the picture.
    """

    logits: torch.Tensor
    boxes: torch.Tensor


class Grid(NamedTuple):
    """The cells of all levels. centres: ``(cells, 2)`` x, y in pixels. strides: ``(cells,)`` in pixels."""

    centres: torch.Tensor
    strides: torch.Tensor


def make_grid(height: int, width: int, device: torch.device | None = None) -> Grid:
    """The cells that a picture of ``height`` x ``width``, both multiples of the largest stride, is looked at with."""
    centres, strides = [], []
    for stride in STRIDES:
        rows = (torch.arange(height // stride, device=device) + 0.5) * stride
        columns = (torch.arange(width // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centres.append(torch.stack([x.flatten(), y.flatten()], dim=1))
        strides.append(torch.full_like(centres[-1][:, 0], float(stride)))
    return Grid(torch.cat(centres), torch.cat(strides))


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


class Head(nn.Module):
    """One tower of convolutions over all levels: class logits and the four distances of every cell."""

    def __init__(self, classes: int, levels: int, width: int = WIDTH, depth: int = 2) -> None:
        super().__init__()
        self.classes = classes
        self.depthwise = nn.ModuleList(
            nn.Conv2d(width, width, 5, padding=2, groups=width, bias=False) for _ in range(depth)
        )
        self.pointwise = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2 * depth)) for _ in range(levels)
        )
        self.scales = nn.Parameter(torch.ones(levels))
        self.output = nn.Conv2d(width, classes + 4, 1)
        nn.init.normal_(self.output.weight, std=0.01)
        bias = torch.full((classes + 4,), math.log(2.0))  # at first a box reaches two strides to each side
        bias[:classes] = math.log(PRIOR / (1 - PRIOR))
        self.output.bias = nn.Parameter(bias)

    def forward(self, levels: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits ``(N, cells, C)`` and distances ``(N, cells, 4)`` left, top, right, bottom, in strides."""
        rows = [self._level(features, level).flatten(2) for level, features in enumerate(levels)]
        table = torch.cat(rows, dim=2).transpose(1, 2)
        return table[..., : self.classes], table[..., self.classes :].clamp(-FARTHEST, FARTHEST).exp()

    def rescale(self, slope: float, shift: float) -> None:
        """Make every class logit x into slope * x + shift."""
        with torch.no_grad():
            bias = self.output.bias
            assert bias is not None
            self.output.weight[: self.classes] *= slope
            bias[: self.classes] = bias[: self.classes] * slope + shift

    def _level(self, features: torch.Tensor, level: int) -> torch.Tensor:
        norms = iter(self.norms[level].children())
        for depthwise, pointwise in zip(self.depthwise, self.pointwise, strict=True):
            features = functional.relu(next(norms)(depthwise(features)))
            features = functional.relu(next(norms)(pointwise(features)))
        output = self.output(features).float()
        return torch.cat([output[:, : self.classes], output[:, self.classes :] * self.scales[level]], dim=1)


class DetectionNetwork(nn.Module):
    """Pictures ``(N, 3, H, W)``, BGR in [0, 255], H and W multiples of 32 -> `Answers`.

    trunk: from `training.networks.backbones`, pretrained or not. fold: see `Pyramid`. normalise: as the
    trunk was trained with.
    """

    def __init__(
        self, trunk: nn.Sequential, classes: int, fold: bool = True, normalise: Normalise | None = None
    ) -> None:
        super().__init__()
        self.normalise: Normalise | Centre = normalise or Normalise()
        self.pyramid = Pyramid(trunk, fold)
        missing = int(math.log2(STRIDES[-1] / self.pyramid.levels[-1].stride))
        self.neck = Neck([level.channels for level in self.pyramid.levels], missing)
        self.head = Head(classes, len(STRIDES))

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
        self.normalise = Centre(self.normalise.mean)

    def answer(self, maps: Sequence[torch.Tensor], grid: Grid) -> Answers:
        """What neck and head make of the trunk's maps."""
        levels = self.neck(maps)[-len(STRIDES) :]
        logits, distances = self.head(levels)
        reach = distances * grid.strides[:, None]
        boxes = torch.cat([grid.centres - reach[..., :2], grid.centres + reach[..., 2:]], dim=-1)
        return Answers(logits, boxes)


def build(backbone: str, trunk: nn.Sequential, classes: int, fold: bool = True) -> DetectionNetwork:
    """A detection network on the trunk of the named backbone, without the layer that only serves its classifier."""
    stated = BACKBONES[backbone]
    needed = trunk[:-1] if stated.widened else trunk
    return DetectionNetwork(needed, classes, fold, Normalise(stated.mean, stated.deviation))
