"""A classifier's trunk, taken apart into the feature maps a detector looks at: strides 8, 16 and 32.

Which map represents a stride is read off the graph, as in Lin et al., "Feature pyramid networks" (2017), section 3: the
last one before the stride grows. Batch normalisation that is not trained is folded into its convolutions before
training, which changes no output and makes each step cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.fx
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.nn import functional

from training.networks.depthwise import DepthwiseConv2d, is_served
from training.networks.geometry import Geometry, geometries

STRIDES = (8, 16, 32)
FAST = ((1, 1), (3, 3))  # stride and kernel of depthwise convolutions whose gradients are fast in bfloat16


class Level(NamedTuple):
    """One map of the trunk: the graph node that makes it, its stride in pixels, its channels."""

    node: str
    stride: int
    channels: int


class SteadyConv2d(nn.Conv2d):
    """A convolution that is computed in single precision, also where lower precision is asked for."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  # torch names it so
        """``(N, C, H, W)`` -> ``(N, C', H', W')``."""
        if not torch.is_autocast_enabled(input.device.type):
            return super().forward(input)
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


class Pyramid(nn.Module):
    """Pictures ``(N, 3, H, W)`` -> maps ``(N, channels, H / stride, W / stride)``, from fine to coarse.

    trunk: a network of parts; where it returns several maps, from fine to coarse, these are taken. H and W must be
    multiples of the largest stride. Where the trunk does not reach a stride of STRIDES, that level is missing: see
    `levels`. fold: fold batch normalisation into the convolutions, for pretrained weights whose averages stay as they
    are.
    """

    def __init__(self, trunk: nn.Module, fold: bool = True, strides: tuple[int, ...] = STRIDES) -> None:
        super().__init__()
        parts = [name for name, _ in trunk.named_children()]
        graph = torch.fx.symbolic_trace(trunk.eval())
        self.levels = find_levels(graph, strides)
        self.trunk = _with_outputs(graph, [level.node for level in self.levels])
        if fold:
            self.trunk = fuse(self.trunk, no_trace=True)  # type: ignore[assignment]  # a graph module
        self._parts = [part for part in parts if hasattr(self.trunk, part)]
        self._frozen: list[nn.Module] = []

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """One map a level, each cut or stretched to exactly its share of the picture."""
        height, width = pictures.shape[2:]
        maps = []
        for level, features in zip(self.levels, self.trunk(pictures), strict=True):
            size = (height // level.stride, width // level.stride)
            fits = tuple(features.shape[2:]) == size  # trunks without padding lose cells at the border
            maps.append(features if fits else functional.interpolate(features, size, mode="bilinear"))
        return maps

    def set_trainable_layers(self, layers: int) -> None:
        """Train the last `layers` parts of the trunk; 0 freezes all of it, with its batch normalisation."""
        frozen = self._parts[: max(0, len(self._parts) - layers)]
        self._frozen = [self.trunk.get_submodule(part) for part in frozen]
        for part in self._parts:
            self.trunk.get_submodule(part).requires_grad_(part not in frozen)
        self.train(self.training)

    @property
    def parts(self) -> int:
        """How many parts the trunk has that can be frozen one by one."""
        return len(self._parts)

    def train(self, mode: bool = True) -> Pyramid:
        """Switch to training or evaluation, all but the frozen parts."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self


def find_levels(graph: torch.fx.GraphModule, strides: tuple[int, ...] = STRIDES) -> list[Level]:
    """The levels of a traced trunk, from fine to coarse.

    A level is the last map at its stride that everything behind it passes through: a bypass around it would carry
    what it does not show. A trunk that has none of the strides gives its output as the only level; one that returns
    several maps has chosen itself among them, and of what is finer the last is taken.
    """
    known = geometries(graph)
    channels = _channels(graph)
    result = next(node for node in graph.graph.nodes if node.op == "output").args[0]
    own = result if isinstance(result, tuple) else ()
    chosen = [Level(node.name, known[node].stride, channels[node]) for node in own if known[node].stride in strides]
    narrows = _bottlenecks(graph, known, channels)
    levels = {level.stride: level for level in narrows if level.stride in strides}
    finest = chosen[0].stride if chosen else max(strides) + 1
    finer = [levels[stride] for stride in sorted(levels) if stride < finest]
    return finer + chosen or [narrows[-1]]


def _bottlenecks(
    graph: torch.fx.GraphModule, known: Mapping[torch.fx.Node, Geometry], channels: Mapping[torch.fx.Node, int]
) -> list[Level]:
    """The maps that everything behind them passes through, in order. Raises ValueError where there is none."""
    order = {node: position for position, node in enumerate(graph.graph.nodes)}
    found: list[Level] = []
    reach = 0  # the position up to which maps that came before are still in use
    for node in graph.graph.nodes:
        if node.op == "output":
            break
        if reach <= order[node] and node in channels:
            found.append(Level(node.name, known[node].stride, channels[node]))
        reach = max(reach, *(order[user] for user in node.users))
    if not found:
        raise ValueError("the trunk has no map that everything passes through")
    return found


class _Recorder(torch.fx.Interpreter):
    """Runs a graph and notes how many channels each of its maps has."""

    def __init__(self, graph: torch.fx.GraphModule) -> None:
        super().__init__(graph)
        self.channels: dict[torch.fx.Node, int] = {}

    def run_node(self, n: torch.fx.Node) -> object:
        """Run one node."""
        result: object = super().run_node(n)
        if isinstance(result, torch.Tensor) and result.ndim == 4 and n.op != "placeholder":
            self.channels[n] = result.shape[1]
        return result


def _channels(graph: torch.fx.GraphModule) -> dict[torch.fx.Node, int]:
    recorder = _Recorder(graph)
    with torch.no_grad():
        recorder.run(torch.zeros(1, 3, 64, 64))
    return recorder.channels


def _with_outputs(graph: torch.fx.GraphModule, names: list[str]) -> torch.fx.GraphModule:
    """The same graph, cut off behind the named nodes and returning them all."""
    nodes = {node.name: node for node in graph.graph.nodes}
    output = nodes["output"]
    output.args = (tuple(nodes[name] for name in names),)
    graph.graph.eliminate_dead_code()
    graph.delete_all_unused_submodules()
    graph.recompile()
    return graph


def make_steady(network: nn.Module) -> None:
    """Give depthwise convolutions gradients that are fast in bfloat16 on a CPU, or keep the slow ones out of it."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and (module.stride, module.kernel_size) != FAST:
            module.__class__ = DepthwiseConv2d if is_served(module) else SteadyConv2d
