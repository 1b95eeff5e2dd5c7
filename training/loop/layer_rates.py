"""Layers that a step would move further than the others learn at a lower rate.

Where batch normalisation follows a layer, only the direction of its weights counts, and a step of any optimiser turns
it a little. Folded into the weights it protects nothing any more: a layer that reads bytes in [0, 255] has weights of a
hundredth, and a step of Adam that is nothing to the other layers turns all answers upside down. So a layer's step is
measured by what it changes, as a share of what the layer says (Yang et al., "A spectral condition for feature
learning", 2023).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import nn


class LayerRates(nn.Module):
    """The share in (0, 1] of its rate that each parameter of a pretrained trunk gets: found once, saved with the run.

    What moves no further than the median layer gets all of it; so does what is no weight or bias of a convolution that
    adds one: behind the others there is normalisation.
    """

    shares: torch.Tensor

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        super().__init__()
        self._of = list(parameters)
        self.register_buffer("shares", torch.zeros(len(parameters)))

    @property
    def known(self) -> bool:
        """Have they been found? Until then all are 0."""
        return bool(self.shares.any())

    @contextlib.contextmanager
    def found_in(self, network: nn.Module) -> Iterator[None]:
        """Find them while the network looks at pictures."""
        room: dict[torch.Tensor, float] = {}
        layers = [each for each in network.modules() if isinstance(each, nn.Conv2d) and each.bias is not None]
        hooks = [layer.register_forward_hook(lambda *seen: room.update(_room(*seen))) for layer in layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        weights = sorted(value for each, value in room.items() if each.ndim > 1)
        usual = weights[len(weights) // 2] if weights else 0.0
        found = [min(1.0, room[each] / usual) if usual > 0 and each in room else 1.0 for each in self._of]
        self.shares.copy_(torch.tensor(found))


class RatedOptimizer:
    """AdamW with one rate for new layers, and for the layers of a trunk their shares of another."""

    def __init__(self, new: Sequence[nn.Parameter], trunk: Sequence[nn.Parameter], weight_decay: float) -> None:
        groups = [{"params": list(new)}, *({"params": [each]} for each in trunk)]
        self.adam = torch.optim.AdamW(groups, lr=0.0, weight_decay=weight_decay)
        self.shares = LayerRates(trunk)

    def finding(self, network: nn.Module) -> contextlib.AbstractContextManager[None]:
        """While a network looks at pictures: finds the shares, where they are not known yet."""
        return contextlib.nullcontext() if self.shares.known else self.shares.found_in(network)

    def step(self, new: float, trunk: float) -> None:
        """Take a step along the gradients. new, trunk: the two rates."""
        rates = (new, *(trunk * share for share in self.shares.shares.tolist()))
        for group, rate in zip(self.adam.param_groups, rates, strict=True):
            group["lr"] = rate
        self.adam.step()


@torch.no_grad()
def _room(layer: nn.Conv2d, given: tuple[torch.Tensor], answer: torch.Tensor) -> dict[torch.Tensor, float]:
    """How far every weight of a layer, or every bias, may move until what it says has changed by its own spread."""
    assert layer.bias is not None
    spread = answer.float().std(dim=(0, 2, 3)).square().mean().sqrt().item()
    pixels = layer.kernel_size[0] * layer.kernel_size[1]
    reach = given[0].float().abs().mean(dim=(0, 2, 3)).sum().item() * pixels / layer.groups
    return {layer.weight: spread / max(reach, 1e-12), layer.bias: spread}
