"""A trained network as an ONNX file: any height and width, the frame's bytes in, boxes and scores out."""

from __future__ import annotations

import copy
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from detectors.sliding import KIND, STRIDE
from training.networks.detection import DetectionNetwork

OPSET = 18
PARITY = 1e-3  # scores may differ by this much between torch and ONNX Runtime, boxes by this share of a stride


class FrameNetwork(nn.Module):
    """What is exported: a frame's bytes ``(1, H, W, 3)`` BGR -> ``(1, cells, 4 + C)`` xyxy pixels and class scores."""

    def __init__(self, network: DetectionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """One frame, sides multiples of 32."""
        answers = self.network(picture.permute(0, 3, 1, 2).float())
        return torch.cat([answers.boxes, answers.logits.sigmoid()], dim=2)


def export(
    network: DetectionNetwork, class_names: tuple[str, ...], long_side: int, path: Path, notes: Mapping[str, str]
) -> float:
    """Write the network to `path`; returns the largest difference between torch's answers and ONNX Runtime's.

    The difference is of scores, and of boxes in strides of 32 pixels, before the weights are stored in half precision.
    long_side: pixels, what frames are scaled to when it is used. notes: further metadata, such as the seed. Raises
    ValueError when the difference is greater than 1e-3.
    """
    network = copy.deepcopy(network).cpu().eval()
    lean = copy.deepcopy(network)
    lean.absorb_normalisation()
    model = _trace(FrameNetwork(lean).eval())
    difference = compare(network, model)
    if not difference <= PARITY:
        raise ValueError(f"the exported network differs from the trained one by {difference:.1e}")
    texts = {"kind": KIND, "class_names": json.dumps(class_names), "long_side": str(long_side), **notes}
    write_model(model, path, texts)
    return difference


def write_model(model: onnx.ModelProto, path: Path, texts: dict[str, str]) -> None:
    """Write a model with its weights in half precision, and with metadata; whole or not at all."""
    _store_as_half(model)
    helper.set_model_props(model, texts)
    onnx.checker.check_model(model)
    part = path.with_name(path.name + ".part")
    part.write_bytes(model.SerializeToString())
    part.replace(path)


def compare(network: DetectionNetwork, model: onnx.ModelProto) -> float:
    """The largest difference between a network and its export, on noise of three sizes."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((64, 64), (96, 160), (256, 224)):
        picture = rng.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
        with torch.no_grad():
            expected = FrameNetwork(network).eval()(torch.from_numpy(picture)).numpy()
        difference = np.abs(session.run(None, {"picture": picture})[0] - expected)
        worst = float(np.max([worst, difference[..., 4:].max(), difference[..., :4].max() / STRIDE]))
    return worst


def _trace(network: FrameNetwork) -> onnx.ModelProto:
    example = torch.zeros(1, 96, 160, 3, dtype=torch.uint8)
    return traced(network, example, {"picture": {1: "height", 2: "width"}, "cells": {1: "cells"}})


def traced(network: nn.Module, example: torch.Tensor, axes: dict[str, dict[int, str]]) -> onnx.ModelProto:
    """A network of one input and one output as a model. axes: the names of both, and which of their sides may vary."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        file = Path(folder, "traced.onnx")
        input_name, output_name = axes
        torch.onnx.export(
            network,
            (example,),
            str(file),
            input_names=[input_name],
            output_names=[output_name],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        return onnx.load(file)


def _store_as_half(model: onnx.ModelProto) -> None:
    """Keep weights in half precision, and have them cast once when the model is loaded: the file halves."""
    casts = []
    for weight in model.graph.initializer:
        array = numpy_helper.to_array(weight)
        if array.dtype == np.float32 and array.size >= 64:
            name = weight.name
            weight.CopyFrom(numpy_helper.from_array(array.astype(np.float16), name + ".half"))
            casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
