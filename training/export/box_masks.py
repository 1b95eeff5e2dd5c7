"""A trained box-to-mask network as an ONNX file: the bytes of any number of crops in, logits out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from detectors.box_masks import KIND, SIDE
from training.export.detector import traced, write_model
from training.networks.box_masks import BoxMaskNetwork

PARITY = 1e-2  # logits may differ by this much between torch and ONNX Runtime: a probability by 0.0025


class CropNetwork(nn.Module):
    """What is exported: crops' bytes ``(N, SIDE, SIDE, 3)`` BGR -> logits ``(N, SIDE / 2, SIDE / 2)``."""

    def __init__(self, network: BoxMaskNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """The logits of crops."""
        logits: torch.Tensor = self.network(crops.permute(0, 3, 1, 2).float())
        return logits


def export_box_masks(network: BoxMaskNetwork, path: Path, notes: Mapping[str, str]) -> float:
    """Write the network to `path`; returns the largest difference between torch's logits and ONNX Runtime's.

    That is before the weights are stored in half precision. notes: further metadata, such as the plan. Raises
    ValueError when the difference is greater than 0.01.
    """
    crops = CropNetwork(copy.deepcopy(network).cpu()).eval()
    axes = {"crops": {0: "batch"}, "logits": {0: "batch"}}
    model = traced(crops, torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8), axes)
    difference = compare(crops, model)
    if not difference <= PARITY:
        raise ValueError(f"the exported network differs from the trained one by {difference:.1e}")
    write_model(model, path, {"kind": KIND, **notes})
    return difference


def compare(network: CropNetwork, model: onnx.ModelProto) -> float:
    """The largest difference between a network's logits and its export's, on noise in two batches."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count in (1, 5):
        crops = rng.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        with torch.no_grad():
            expected = network(torch.from_numpy(crops)).numpy()
        worst = float(np.max([worst, np.abs(session.run(None, {"crops": crops})[0] - expected).max()]))
    return worst
