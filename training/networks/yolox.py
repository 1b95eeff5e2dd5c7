"""A trunk that has learnt detection itself: CSPDarknet and its path aggregation, as small as YOLOX-nano's.

Ge et al., "YOLOX: Exceeding YOLO series in 2021" (2021), with the parts of Wang et al., "CSPNet" (2020), He et al.,
"Spatial pyramid pooling" (2014) and Liu et al., "Path aggregation network" (2018); all convolutions but the pointwise
ones are depthwise. Its first layer, which there takes every second pixel apart before a 3 x 3 convolution, is here the
6 x 6 convolution of stride 2 that it is equal to.
"""

from __future__ import annotations

import torch
from torch import nn

STEM, WIDTHS = 16, (32, 64, 128, 256)  # channels at strides 2, and 4 to 32
REPEATS = (1, 3, 3, 1)  # bottlenecks at strides 4 to 32
POOLS = (5, 9, 13)  # cells
TOWER, DEPTH = 64, 2  # channels and convolutions of a tower


class Convolution(nn.Sequential):
    """A convolution that keeps the size or halves it, batch normalisation and SiLU."""

    def __init__(self, channels: int, out_channels: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(channels, out_channels, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.SiLU(inplace=True),
        )


def separable(channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """A depthwise 3 x 3 convolution and a pointwise one."""
    return nn.Sequential(
        Convolution(channels, channels, 3, stride, groups=channels), Convolution(channels, out_channels)
    )


class Bottleneck(nn.Module):
    """Two convolutions, beside which what came in may pass."""

    def __init__(self, channels: int, residual: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(Convolution(channels, channels), separable(channels, channels))
        self.residual = residual

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        new: torch.Tensor = self.layers(features)
        return features + new if self.residual else new


class CrossStage(nn.Module):
    """Half of the channels go through bottlenecks, half past them."""

    def __init__(self, channels: int, out_channels: int, repeats: int, residual: bool = True) -> None:
        super().__init__()
        half = out_channels // 2
        self.through, self.past = Convolution(channels, half), Convolution(channels, half)
        self.bottlenecks = nn.Sequential(*(Bottleneck(half, residual) for _ in range(repeats)))
        self.join = Convolution(2 * half, out_channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, channels, H, W)`` -> ``(N, out_channels, H, W)``."""
        through, past = self.through(features), self.past(features)
        joined: torch.Tensor = self.join(torch.cat([self.bottlenecks(through), past], dim=1))
        return joined


class SpatialPyramidPooling(nn.Module):
    """What is near, in windows of three sizes, beside each cell."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = Convolution(channels, channels // 2)
        self.pools = nn.ModuleList(nn.MaxPool2d(size, 1, size // 2) for size in POOLS)
        self.join = Convolution(channels // 2 * (len(POOLS) + 1), channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        narrow = self.narrow(features)
        joined: torch.Tensor = self.join(torch.cat([narrow, *(pool(narrow) for pool in self.pools)], dim=1))
        return joined


class TopDown(nn.Module):
    """A coarse map, narrowed, joins the finer one beside it."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = Convolution(coarse, fine)
        self.larger = nn.Upsample(scale_factor=2)
        self.mix = CrossStage(2 * fine, fine, 1, residual=False)

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The narrowed coarse map, and the fine one that has seen it."""
        narrow = self.narrow(coarse)
        return narrow, self.mix(torch.cat([self.larger(narrow), fine], dim=1))


class BottomUp(nn.Module):
    """A fine map, halved, joins the coarser one beside it."""

    def __init__(self, fine: int) -> None:
        super().__init__()
        self.smaller = separable(fine, fine, stride=2)
        self.mix = CrossStage(2 * fine, 2 * fine, 1, residual=False)

    def forward(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        """The coarse map that has seen the fine one."""
        mixed: torch.Tensor = self.mix(torch.cat([self.smaller(fine), coarse], dim=1))
        return mixed


class YoloxNano(nn.Module):
    """Pictures ``(N, 3, H, W)``, red first in [0, 255] -> maps of 64, 128 and 256 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 6, 2)
        channels = (STEM, *WIDTHS)
        stages = [
            nn.Sequential(separable(before, after, stride=2), CrossStage(after, after, repeats))
            for before, after, repeats in zip(channels, WIDTHS, REPEATS, strict=False)
        ]
        last = stages[-1]
        stages[-1] = nn.Sequential(
            last[0], SpatialPyramidPooling(WIDTHS[-1]), CrossStage(WIDTHS[-1], WIDTHS[-1], REPEATS[-1], residual=False)
        )
        self.stride4, self.stride8, self.stride16, self.stride32 = stages
        self.down16, self.down8 = TopDown(WIDTHS[3], WIDTHS[2]), TopDown(WIDTHS[2], WIDTHS[1])
        self.up16, self.up32 = BottomUp(WIDTHS[1]), BottomUp(WIDTHS[2])

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The maps, the finest first."""
        at8 = self.stride8(self.stride4(self.stem(pictures)))
        at16 = self.stride16(at8)
        narrow32, at16 = self.down16(self.stride32(at16), at16)
        narrow16, fine = self.down8(at16, at8)
        middle = self.up16(fine, narrow16)
        return fine, middle, self.up32(middle, narrow32)


class Towers(nn.Module):
    """What a level's answers are read off: a map narrowed, then convolutions for the class, and others for the box."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = Convolution(channels, TOWER)
        self.classes = nn.Sequential(*(separable(TOWER, TOWER) for _ in range(DEPTH)))
        self.boxes = nn.Sequential(*(separable(TOWER, TOWER) for _ in range(DEPTH)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, channels, H, W)`` -> ``(N, 128, H, W)``, the class's half first."""
        narrow = self.stem(features)
        return torch.cat([self.classes(narrow), self.boxes(narrow)], dim=1)
