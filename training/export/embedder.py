"""A trained appearance network as an ONNX file: any number of crops in, a unit vector for each out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from training.export.detector import traced, write_model
from training.networks.embedding import HEIGHT, WIDTH, Embedding

KIND = "keeptrack appearance"
PARITY = 1e-3  # a unit vector may differ by this length between torch and ONNX Runtime


def export_embedding(network: Embedding, path: Path, notes: Mapping[str, str]) -> float:
    """Write the network to `path`; returns the length of the largest difference from torch's unit vectors.

    That is before the weights are stored in half precision. notes: further metadata, such as the plan. Raises
    ValueError when the difference is greater than 1e-3.
    """
    network = copy.deepcopy(network).cpu().eval()
    axes = {"crops": {0: "batch"}, "vectors": {0: "batch"}}
    model = traced(network, torch.zeros(2, 3, HEIGHT, WIDTH), axes)
    difference = compare(network, model)
    if not difference <= PARITY:
        raise ValueError(f"the exported network differs from the trained one by {difference:.1e}")
    write_model(model, path, {"kind": KIND, **notes})
    return difference


def compare(network: Embedding, model: onnx.ModelProto) -> float:
    """The length of the largest difference between a network's vectors and its export's, on noise in two batches."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count in (1, 7):
        crops = rng.normal(size=(count, 3, HEIGHT, WIDTH)).astype(np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(crops)).numpy()
        found = session.run(None, {"crops": crops})[0]
        worst = float(np.max([worst, np.linalg.norm(found - expected, axis=1).max()]))
    return worst
