"""The appearance network: a classifier's trunk at stride 16, looked at in stripes, and one short vector.

A person is told by what is worn where, so the last map is pooled in horizontal stripes rather than as a whole (Sun et
al., "Beyond part models", 2018), together with an early map, which knows more of colours. The vector is normalised as
in Luo et al., "Bag of tricks and a strong baseline for deep person re-identification" (2019), section 3.6.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.nn import functional

from training.networks.backbones import load_trunk

PARTS = {"mobilenet_v2": (7, 14)}
"""How many parts of a trunk lead to its early map, at stride 8, and to its last, at stride 16."""
FROZEN = 4
"""Parts at the trunk's beginning that stay as they are: edges and colours are the same everywhere, and most of a step's
time would go into them."""
HEIGHT, WIDTH = 128, 64  # pixels of a crop
STRIPES = 4
EARLY, LATE = 32, 256  # channels that each stripe of the two maps keeps
DIMENSION = 128


class Embedding(nn.Module):
    """Crops ``(N, 3, 128, 64)``, RGB, normalised as for ImageNet -> unit vectors ``(N, 128)``.

    trunk: of a classifier, pretrained: its batch normalisation is folded into the convolutions. parts: of it that lead
    to each map, see `PARTS`.
    """

    def __init__(self, trunk: nn.Sequential, parts: tuple[int, int] = PARTS["mobilenet_v2"]) -> None:
        super().__init__()
        self.early, self.late = fuse(trunk[: parts[0]].eval()), fuse(trunk[parts[0] : parts[1]].eval())
        self.requires_grad_(True)  # folding has left out the new biases
        for part in range(FROZEN):
            self.early.get_submodule(str(part)).requires_grad_(False)
        channels = _channels(self.early, self.late)
        self.early_stripes = Stripes(channels[0], EARLY)
        self.late_stripes = Stripes(channels[1], LATE)
        self.dense = nn.Linear(STRIPES * (EARLY + LATE), DIMENSION, bias=False)
        self.norm = nn.BatchNorm1d(DIMENSION)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Unit vectors ``(N, 128)``."""
        early = self.early(crops)
        stripes = torch.cat([self.early_stripes(early), self.late_stripes(self.late(early))], dim=1)
        vectors: torch.Tensor = self.norm(self.dense(stripes).float())
        return functional.normalize(vectors)

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """What is trained of the trunk, and of the head."""
        trunk = [*self.early.parameters(), *self.late.parameters()]
        known = {id(each) for each in trunk}
        return [each for each in trunk if each.requires_grad], [e for e in self.parameters() if id(e) not in known]


class Stripes(nn.Module):
    """A map ``(N, C, H, W)`` -> the means ``(N, STRIPES * width)`` of its horizontal stripes, in `width` channels."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, STRIPES * width)``."""
        return functional.adaptive_avg_pool2d(self.narrow(features), (STRIPES, 1)).flatten(1)


def _channels(*parts: nn.Module) -> list[int]:
    """How many channels each part hands on."""
    counts, features = [], torch.zeros(1, 3, HEIGHT, WIDTH)
    with torch.no_grad():
        for part in parts:
            features = part(features)
            counts.append(features.shape[1])
    return counts


def build(weights: str | None = "imagenet", backbone: str = "mobilenet_v2") -> Embedding:
    """A new network. weights: of the trunk, as for `load_trunk`."""
    trunk = load_trunk(backbone, weights)
    assert isinstance(trunk, nn.Sequential)
    return Embedding(trunk, PARTS[backbone])
