"""Heads: what slides over the maps of all levels and gives each cell's class logits and box. No layer is dense.

`SharedHead` is one tower for all levels, without anchors, its boxes distances from a cell's centre (Tian et al.,
"FCOS", 2019). `TowerHead` has towers of its own for each level, one for the class and one for the box (Ge et al.,
"YOLOX", 2021, section 2.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
import torch.fx
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.nn import functional

from training.networks.grid import Answers, Grid
from training.networks.yolox import TOWER, Towers

PRIOR = 0.01  # the score that an untrained head gives each cell
FARTHEST = 5.0  # a side of a box is at most exp(5) = 148 strides away from its cell


class Head(Protocol):
    """Maps from fine to coarse, and their cells -> `Answers`. classes: how many."""

    classes: int

    def __call__(self, levels: Sequence[torch.Tensor], grid: Grid) -> Answers:
        """The answers of all cells."""
        ...

    def outputs(self) -> Sequence[nn.Conv2d]:
        """The last layers: their first rows are the classes' logits, the other four a box's numbers."""
        ...

    def parameters(self) -> Iterable[nn.Parameter]:
        """What is trained."""
        ...


def rescale(head: Head, slopes: torch.Tensor, shifts: torch.Tensor) -> None:
    """Make every logit x of a class into slope * x + shift; both ``(classes,)``."""
    with torch.no_grad():
        for output in head.outputs():
            assert output.bias is not None
            output.weight[: head.classes] *= slopes[:, None, None, None]
            output.bias[: head.classes] = output.bias[: head.classes] * slopes + shifts


def _output(channels: int, classes: int, box: float) -> nn.Conv2d:
    """A last layer that at first sees no class anywhere, and says `box` for all four numbers of a box."""
    output = nn.Conv2d(channels, classes + 4, 1)
    nn.init.normal_(output.weight, std=0.01)
    bias = torch.full((classes + 4,), box)
    bias[:classes] = math.log(PRIOR / (1 - PRIOR))
    output.bias = nn.Parameter(bias)
    return output


class SharedHead(nn.Module):
    """One tower of convolutions over all levels, shared but for its batch normalisation."""

    def __init__(self, classes: int, levels: int, width: int, depth: int = 2) -> None:
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
        self.output = _output(width, classes, math.log(2.0))  # at first a box reaches two strides to each side

    def forward(self, levels: Sequence[torch.Tensor], grid: Grid) -> Answers:
        """The answers of all cells; a box is four distances, left, top, right, bottom, in strides."""
        table = _rows(self._level(features, level) for level, features in enumerate(levels))
        reach = table[..., self.classes :].clamp(-FARTHEST, FARTHEST).exp() * grid.strides[:, None]
        boxes = torch.cat([grid.centres - reach[..., :2], grid.centres + reach[..., 2:]], dim=-1)
        return Answers(table[..., : self.classes], boxes)

    def outputs(self) -> list[nn.Conv2d]:
        """The last layer."""
        return [self.output]

    def _level(self, features: torch.Tensor, level: int) -> torch.Tensor:
        norms = iter(self.norms[level].children())
        for depthwise, pointwise in zip(self.depthwise, self.pointwise, strict=True):
            features = functional.relu(next(norms)(depthwise(features)))
            features = functional.relu(next(norms)(pointwise(features)))
        output = self.output(features).float()
        return torch.cat([output[:, : self.classes], output[:, self.classes :] * self.scales[level]], dim=1)


class TowerHead(nn.Module):
    """Towers of its own for each level, and a last layer behind each. fold: fold batch normalisation, see `Pyramid`."""

    def __init__(self, classes: int, channels: Sequence[int], fold: bool = True) -> None:
        super().__init__()
        self.classes = classes
        towers = [torch.fx.symbolic_trace(Towers(each).eval()) for each in channels]
        self.towers = nn.ModuleList(fuse(tower, no_trace=True) if fold else tower for tower in towers)
        self.output = nn.ModuleList(_output(2 * TOWER, classes, 0.0) for _ in channels)

    def forward(self, levels: Sequence[torch.Tensor], grid: Grid) -> Answers:
        """The answers of all cells; a box is a centre, from the corner, and its sides' logarithms, in strides."""
        table = _rows(
            output(tower(features)).float()
            for tower, output, features in zip(self.towers, self.output, levels, strict=True)
        )
        stride, box = grid.strides[:, None], table[..., self.classes :]
        corner = grid.centres - stride / 2
        middle = corner + box[..., :2] * stride
        half = box[..., 2:].clamp(-FARTHEST, FARTHEST).exp() * stride / 2
        return Answers(table[..., : self.classes], torch.cat([middle - half, middle + half], dim=-1))

    def outputs(self) -> list[nn.Conv2d]:
        """The last layers, one a level."""
        return [layer for layer in self.output if isinstance(layer, nn.Conv2d)]


def _rows(maps: Iterable[torch.Tensor]) -> torch.Tensor:
    """Maps ``(N, K, H, W)`` of all levels -> one table ``(N, cells, K)``."""
    return torch.cat([each.flatten(2) for each in maps], dim=2).transpose(1, 2)
