"""Convolution arithmetic: how far apart the cells of a feature map are, and how much of the picture each one sees.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 2.4, and section 4 for
transposed convolutions; Araujo et al., "Computing receptive fields of convolutional neural networks" (2019), equations
2 and 3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch.fx
from torch import nn


class Geometry(NamedTuple):
    """stride: picture pixels between neighbouring cells. receptive_field: side, in pixels, of what a cell sees.

    The receptive field is infinite behind a layer that pools over the whole picture. Behind a transposed convolution
    some cells see less: it is that of those which see most.
    """

    stride: int
    receptive_field: float


PICTURE = Geometry(1, 1)


def convolved(side: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many cells a convolution makes of a side: every `stride`-th place where the kernel fits on it."""
    return (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def transposed(side: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, extra: int = 0) -> int:
    """How many cells a transposed convolution makes of a side.

    It spreads each cell over a kernel's worth of cells, `stride` apart from where it spreads the next, and cuts
    `padding` off each end: the sizes of the convolution with the same numbers, the other way round. That one makes the
    same of up to `stride` different sides; `extra` (torch's output_padding) says how many more than the least.
    """
    return (side - 1) * stride + dilation * (kernel - 1) + 1 - 2 * padding + extra


def geometry_of(network: nn.Module, ignore_gates: bool = False) -> Geometry:
    """The geometry of a network's output map, computed layer by layer along all its branches.

    ignore_gates: leave out squeeze-and-excitation, which weighs channels by an average over the whole picture.

    Raises ValueError when two branches that meet have different strides, or a map is finer than the picture.
    """
    traced = torch.fx.symbolic_trace(network)
    known = geometries(traced, ignore_gates)
    return next(known[node] for node in traced.graph.nodes if node.op == "output")


def geometries(traced: torch.fx.GraphModule, ignore_gates: bool = False) -> dict[torch.fx.Node, Geometry]:
    """The geometry of every map in a traced network. Raises ValueError as `geometry_of` does."""
    modules = dict(traced.named_modules())
    known: dict[torch.fx.Node, Geometry] = {}
    for node in traced.graph.nodes:
        sources = [known[source] for source in node.all_input_nodes]
        if node.op == "placeholder":
            known[node] = PICTURE
        elif node.op == "output" and len({source.stride for source in sources}) > 1:
            continue  # several maps, each with a geometry of its own
        elif node.op == "call_module":
            known[node] = _through(modules[str(node.target)], sources[0])
        else:
            known[node] = _meet(sources, ignore_gates)
    return known


def _through(layer: nn.Module, before: Geometry) -> Geometry:
    if isinstance(layer, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return Geometry(before.stride, math.inf)
    if isinstance(layer, nn.Upsample):
        return Geometry(before.stride // int(_single(layer.scale_factor)), before.receptive_field)
    if isinstance(layer, nn.ConvTranspose2d):
        return _spread(layer, before)
    if not isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
        return before  # works on each cell by itself
    reach = _single(getattr(layer, "dilation", 1)) * (_single(layer.kernel_size) - 1)
    return Geometry(before.stride * _single(layer.stride), before.receptive_field + reach * before.stride)


def _spread(layer: nn.ConvTranspose2d, before: Geometry) -> Geometry:
    """A transposed convolution is one of stride 1 / s: its input's cells, spread s apart with nothing between."""
    finer, kernel, apart = _single(layer.stride), _single(layer.kernel_size), _single(layer.dilation)
    if before.stride % finer:
        raise ValueError(f"a stride of {before.stride} pixels cannot be divided by {finer}")
    touched = max(len({at for at in range(kernel) if (at * apart - phase) % finer == 0}) for phase in range(finer))
    step = apart // math.gcd(apart, finer)  # cells between two that a kernel touches
    return Geometry(before.stride // finer, before.receptive_field + (touched - 1) * step * before.stride)


def _meet(branches: list[Geometry], ignore_gates: bool) -> Geometry:
    """Where branches are added, multiplied or joined, a cell sees what the widest of them sees."""
    if ignore_gates and len(branches) > 1:
        branches = [branch for branch in branches if branch.receptive_field < math.inf] or branches
    if len({branch.stride for branch in branches}) != 1:
        raise ValueError(f"branches with the strides {sorted({b.stride for b in branches})} meet")
    return max(branches, key=lambda branch: branch.receptive_field)


def _single(value: Any) -> int:
    """The value of a layer's setting that is the same in both directions."""
    pair = value if isinstance(value, tuple) else (value, value)
    if len(set(pair)) != 1:
        raise ValueError(f"a layer treats height and width differently: {value}")
    return int(pair[0])
