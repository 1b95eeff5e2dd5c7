"""A trained segmenter as an ONNX file: any height and width, the picture's bytes in, class logits out."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from detectors.segmenter import KIND
from training.export.detector import traced, write_model
from training.networks.fcn import FCN

PARITY = 1e-2  # logits may differ by this much between torch and ONNX Runtime: a probability by 0.0025


class PictureNetwork(nn.Module):
    """What is exported: a picture's bytes ``(1, H, W, 3)`` BGR -> logits ``(1, C, H, W)``."""

    def __init__(self, network: FCN) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """One picture, sides multiples of 32."""
        logits: torch.Tensor = self.network(picture.permute(0, 3, 1, 2).float())
        return logits


def export_segmenter(
    network: FCN, class_names: tuple[str, ...], long_side: int, path: Path, notes: Mapping[str, str]
) -> float:
    """Write the network to `path`; returns the largest difference between torch's logits and ONNX Runtime's.

    That is before the weights are stored in half precision. class_names: without the background. long_side: pixels,
    what pictures are scaled to. notes: further metadata, such as the plan. Raises ValueError when the difference is
    greater than 0.01.
    """
    pictures = PictureNetwork(copy.deepcopy(network).cpu()).eval()
    axes = {"picture": {1: "height", 2: "width"}, "logits": {2: "height", 3: "width"}}
    model = traced(pictures, torch.zeros(1, 96, 160, 3, dtype=torch.uint8), axes)
    difference = compare(pictures, model)
    if not difference <= PARITY:
        raise ValueError(f"the exported network differs from the trained one by {difference:.1e}")
    texts = {"kind": KIND, "class_names": json.dumps(class_names), "long_side": str(long_side), **notes}
    write_model(model, path, texts)
    return difference


def compare(network: PictureNetwork, model: onnx.ModelProto) -> float:
    """The largest difference between a network's logits and its export's, on noise of two sizes."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((64, 64), (128, 96)):
        picture = rng.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
        with torch.no_grad():
            expected = network(torch.from_numpy(picture)).numpy()
        worst = float(np.max([worst, np.abs(session.run(None, {"picture": picture})[0] - expected).max()]))
    return worst
