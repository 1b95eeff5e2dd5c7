"""Fully convolutional networks for semantic segmentation: FCN-32s, -16s and -8s.

Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation" (2015), section 4. A trunk's last
map, at stride 32, is given a score for each class and enlarged 32 times: FCN-32s, coarse. A skip adds the scores of an
earlier, finer map before the last enlargement: FCN-16s, FCN-8s.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from training.networks.backbones import BACKBONES
from training.networks.detection import Normalise
from training.networks.pyramid import Level, Pyramid
from training.networks.sliding import LocalisationNetwork
from training.networks.upsampling import Upsampling

FINEST = (32, 16, 8)
"""The strides at which the three networks see classes."""


class FCN(nn.Module):
    """Pictures ``(N, 3, H, W)``, BGR in [0, 255], H and W multiples of 32 -> class logits ``(N, C, H, W)``.

    backbone: of the trunk; fold: see `Pyramid`. classes: C, the background first. finest: the stride of the finest map
    that is looked at, of `FINEST`. Raises ValueError for another.

    Score layers are 1 x 1 convolutions. Those of skips begin at zero, so that a network begins as the one without them
    (section 4.2). The enlargements by 2 learn; the last one stays bilinear.
    """

    def __init__(self, backbone: str, trunk: nn.Module, classes: int, finest: int = 8, fold: bool = True) -> None:
        super().__init__()
        if finest not in FINEST:
            raise ValueError(f"finest must be one of {FINEST}, not {finest}")
        stated = BACKBONES[backbone]
        needed = trunk[:-1] if stated.widened and isinstance(trunk, nn.Sequential) else trunk
        self.classes, self.strides = classes, [stride for stride in reversed(FINEST) if stride >= finest]
        self.normalise = Normalise(stated.mean, stated.deviation)
        self.pyramid = Pyramid(needed, fold, tuple(self.strides))
        channels = [self._source(stride).channels for stride in self.strides]
        self.scores = nn.ModuleList(nn.Conv2d(each, classes, 1) for each in channels)
        for skip in list(self.scores)[:-1]:
            skip.weight.data.zero_()  # type: ignore[operator]  # a tensor
            skip.bias.data.zero_()  # type: ignore[operator]
        self.enlarge = nn.ModuleList(Upsampling(classes, 2) for _ in self.strides[1:])
        self.last = Upsampling(classes, finest).requires_grad_(False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """A logit for each class and pixel."""
        return self.answer(self.features(pictures))

    def features(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """The trunk's maps of pictures, from fine to coarse; of a trunk that ends early, means of its last map."""
        maps = dict(zip(self.pyramid.levels, self.pyramid(self.normalise(pictures)), strict=True))
        found = []
        for stride in self.strides:
            level = self._source(stride)
            shrink = stride // level.stride
            found.append(functional.avg_pool2d(maps[level], shrink) if shrink > 1 else maps[level])
        return found

    def answer(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """What the rest makes of the trunk's maps."""
        scores = [score(features) for score, features in zip(self.scores, maps, strict=True)]
        fused = scores[-1]
        for finer, enlarge in zip(reversed(scores[:-1]), self.enlarge, strict=True):
            fused = finer + enlarge(fused)
        logits: torch.Tensor = self.last(fused)
        return logits

    def _source(self, stride: int) -> Level:
        """The level that shows this stride, or the coarsest one before it."""
        return max((level for level in self.pyramid.levels if level.stride <= stride), key=lambda level: level.stride)


def score_map(network: LocalisationNetwork) -> nn.Conv2d:
    """The class scores of a classifier that pools over its whole map, as a score layer: a 1 x 1 convolution.

    Both are linear, so scoring each cell and taking the mean is the same as the other way round: the mean of this map
    over a window is what the classifier says of the window (Zhou et al., "Learning deep features for discriminative
    localization", 2016, equation 2). Raises ValueError for a classifier with a dense layer on every cell.
    """
    if isinstance(network.pool, nn.Identity):
        raise ValueError("a classifier that pools nothing sees windows, not cells: use to_fully_convolutional")
    layer = nn.Conv2d(network.head.in_features, network.classes, 1)
    layer.weight.data.copy_(network.head.weight.data[: network.classes, :, None, None])
    layer.bias.data.copy_(network.head.bias.data[: network.classes])  # type: ignore[union-attr]  # it has one
    return layer
