"""The trunk of another network's ONNX file: the same numbers come out of it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch import nn

from training.networks.backbones import load_trunk

SSD = Path(os.environ.get("KEEPTRACK_SSD", "../shared/data/teacher/ssd_mobilenet_v3_large_320.onnx"))
LAST = "FeatureExtractor/MobilenetV3/Conv_1/hard_swish/mul_1:0"


def turned(trunk: nn.Module) -> nn.Module:
    """The trunk with all kernels turned by 180 degrees."""
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.flip((2, 3))
    return trunk


def test_the_ssds_trunk_gives_the_ssds_features() -> None:
    if not SSD.is_file():
        pytest.skip("the SSD's file is not here")
    model = onnx.load(SSD)
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(LAST))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 320, 320)).astype(np.float32)
    expected = session.run([LAST], {session.get_inputs()[0].name: picture})[0]
    trunk = turned(load_trunk("mobilenet_v3_large_ssd", SSD).eval())
    with torch.no_grad():
        found = trunk(torch.from_numpy(picture).flip((2, 3))).flip((2, 3)).numpy()
    assert found.shape == expected.shape == (1, 480, 10, 10)
    assert np.abs(found - expected).max() < 1e-4 * max(1, np.abs(expected).max())
