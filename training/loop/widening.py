"""A wider network that begins as good as a narrow one: it says the same, and has room to learn more.

Chen et al., "Net2Net: Accelerating learning via knowledge transfer" (2016), section 2.2.2: a new channel is a copy of an
old one, and what reads both takes a share of each. The shares are drawn anew for everything that reads them, so that
copies are pushed apart from the first step on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.fx
from torch import nn

from training.networks.detection import DetectionNetwork
from training.networks.heads import TowerHead

Origins = torch.Tensor
"""``(C,)``: of which old channel each new one is a copy."""


@torch.no_grad()
def widen(narrow: DetectionNetwork, wide: DetectionNetwork) -> None:
    """Give `wide` weights by which it answers as `narrow` does; it has the same layers, with as many channels or more.

    Shares are drawn from a seed of their own: the same weights each time. Raises ValueError where a layer has fewer
    channels, or the heads are not towers.
    """
    if not isinstance(narrow.head, TowerHead) or not isinstance(wide.head, TowerHead):
        raise ValueError("only detectors with towers can be widened")
    random = torch.Generator().manual_seed(0)
    maps = _Widening(narrow.pyramid.trunk, wide.pyramid.trunk, random).run(torch.arange(3))
    for origins, old, new in zip(maps, narrow.head.towers, wide.head.towers, strict=True):
        _Widening(old, new, random).run(origins)
    wide.head.output.load_state_dict(narrow.head.output.state_dict())


class _Widening(torch.fx.Interpreter):
    """Walks through the wide graph with the origins of channels in the place of maps, and fills layers as it passes."""

    def __init__(self, narrow: nn.Module, wide: nn.Module, random: torch.Generator) -> None:
        assert isinstance(wide, torch.fx.GraphModule)
        super().__init__(wide)
        self._narrow, self._random = narrow, random

    def call_module(self, target: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Origins:
        """The origins of what a layer gives. args: those of what it is given."""
        (given,) = args
        assert isinstance(given, torch.Tensor)
        old, new = self._narrow.get_submodule(str(target)), self.fetch_attr(str(target))
        if isinstance(new, nn.Conv2d):
            assert isinstance(old, nn.Conv2d)
            return self._convolution(old, new, given)
        if isinstance(new, nn.BatchNorm2d):
            for key, value in new.state_dict(keep_vars=True).items():
                before = old.state_dict()[key]
                value.copy_(before[given] if before.ndim else before)
        return given

    def call_function(self, target: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Origins:
        """The origins of maps side by side, or of a sum, whose parts have the same."""
        parts = args[0] if target is torch.cat else args
        assert isinstance(parts, Sequence)
        if target is not torch.cat:
            return parts[0]
        offsets = [0]
        for part in parts:
            offsets.append(offsets[-1] + int(part.max()) + 1)
        return torch.cat([part + offset for part, offset in zip(parts, offsets, strict=False)])

    def _convolution(self, old: nn.Conv2d, new: nn.Conv2d, given: Origins) -> Origins:
        if new.out_channels < old.out_channels:
            raise ValueError("the network is narrower than what it should start from")
        if new.groups > 1:  # one channel each
            kept = given
            new.weight.copy_(old.weight[kept])
        else:
            kept = torch.arange(new.out_channels) % old.out_channels
            new.weight.copy_(old.weight[kept][:, given] * self._shares(len(kept), given)[..., None, None])
        if new.bias is not None and old.bias is not None:
            new.bias.copy_(old.bias[kept])
        return kept

    def _shares(self, readers: int, given: Origins) -> torch.Tensor:
        """How much of each copy every reader takes, ``(readers, len(given))``: together one of each old channel."""
        drawn = torch.rand(readers, len(given), generator=self._random)
        sums = torch.zeros(readers, int(given.max()) + 1).index_add_(1, given, drawn)
        return drawn / sums[:, given]
