"""A trunk's weights out of an ONNX file: another detector's, which has learnt on more pictures than one has.

TensorFlow's detectors of 2020 pad only below and to the right where a layer halves an even side; torch pads both, and
then uses the upper left. So a cell of ours looks at what its lower right neighbour looked at there, and only the
border differs. Turned by 180 degrees, kernels and picture, the two are equal to the last digit: that is how the reading
is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from detectors.errors import InputError

Convolution = tuple[np.ndarray, np.ndarray]
"""A kernel ``(out, in, h, w)`` and a bias ``(out,)``."""


def fill_from_onnx(trunk: nn.Module, path: Path) -> None:
    """Give the convolutions of a trunk the weights of the first ones in an ONNX file, in order.

    Their batch normalisation must be folded into them there; here it becomes the addition of their bias. Raises
    InputError when the file is no ONNX model, or does not begin with these layers.
    """
    layers = [module for module in trunk.modules() if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))]
    given = iter(_matching([layer for layer in layers if isinstance(layer, nn.Conv2d)], path))
    for layer, behind in zip(layers, [*layers[1:], None], strict=True):
        if not isinstance(layer, nn.Conv2d):
            continue
        weight, bias = next(given)
        layer.weight.data.copy_(torch.from_numpy(weight))
        if isinstance(behind, nn.BatchNorm2d):
            _only_add(behind, bias)
        elif layer.bias is not None:
            layer.bias.data.copy_(torch.from_numpy(bias))


def _matching(layers: Sequence[nn.Conv2d], path: Path) -> list[Convolution]:
    """The file's first convolutions, each of which fits its layer."""
    given = read_convolutions(path)
    for place, layer in enumerate(layers):
        found, expected = given[place][0].shape if place < len(given) else "nothing", tuple(layer.weight.shape)
        if found != expected:
            why = f"does not begin with this trunk: convolution {place + 1} is {found}, not {expected}"
            raise InputError(path, why, "name the backbone that the file begins with")
    return given[: len(layers)]


def read_convolutions(path: Path) -> list[Convolution]:
    """The convolutions of an ONNX file, in the order of its graph."""
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf's own for a foreign file
        raise InputError(path, f"is no ONNX model: {error}", "give an ONNX file with its weights inside") from None
    stored = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in stored:
            weight, *bias = (numpy_helper.to_array(stored[name]).astype(np.float32) for name in node.input[1:])
            found.append((weight, bias[0] if bias else np.zeros(len(weight), np.float32)))
    return found


def _only_add(norm: nn.BatchNorm2d, bias: np.ndarray) -> None:
    """Make a batch normalisation that is not trained the addition of a bias ``(C,)``."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.data.fill_(1)
    norm.bias.data.copy_(torch.from_numpy(bias))
