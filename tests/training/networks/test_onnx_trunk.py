"""The trunk of another network's ONNX file: the same numbers come out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.fx.experimental.optimization import fuse

from detectors import InputError
from training.networks.backbones import load_trunk
from training.networks.onnx_trunk import fill_from_onnx, read_convolutions

LAST = "FeatureExtractor/MobilenetV3/Conv_1/hard_swish/mul_1:0"


def write_convolutions(path: Path, layers: Sequence[nn.Conv2d]) -> Path:
    """An ONNX file of nothing but the convolutions, with their weights."""
    nodes, weights = [], []
    for number, layer in enumerate(layers):
        names = [f"w{number}", f"b{number}"][: 1 + (layer.bias is not None)]
        values = [layer.weight, layer.bias][: len(names)]
        weights += [
            numpy_helper.from_array(value.detach().numpy(), name)
            for name, value in zip(names, values, strict=True)
            if value is not None
        ]
        nodes.append(helper.make_node("Conv", [f"x{number}", *names], [f"x{number + 1}"]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x0", f"x{len(layers)}")]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)), path)
    return path


def random_trunk(name: str) -> nn.Module:
    """A trunk whose batch normalisation has something to say."""
    torch.manual_seed(1)
    trunk = load_trunk(name, None).eval()
    for module in trunk.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    return trunk


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_small", "alexnet"])
def test_folded_weights_give_the_same_features(name: str, tmp_path: Path) -> None:
    trunk = random_trunk(name)
    folded = fuse(trunk) if name != "alexnet" else trunk
    convolutions = [module for module in folded.modules() if isinstance(module, nn.Conv2d)]
    path = write_convolutions(tmp_path / "other.onnx", [*convolutions, nn.Conv2d(1, 1, 1, bias=False)])
    assert len(read_convolutions(path)) == len(convolutions) + 1
    filled = load_trunk(name, path).eval()
    picture = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        expected = trunk(picture)
        assert torch.allclose(filled(picture), expected, atol=1e-4 * float(expected.abs().max()))


def test_what_does_not_begin_with_the_trunk_is_refused(tmp_path: Path) -> None:
    trunk = load_trunk("lenet5", None)
    other = write_convolutions(tmp_path / "other.onnx", [nn.Conv2d(3, 6, 5), nn.Conv2d(6, 7, 5)])
    with pytest.raises(InputError, match=r"convolution 2 is \(7, 6, 5, 5\), not \(16, 6, 5, 5\)"):
        fill_from_onnx(trunk, other)
    short = write_convolutions(tmp_path / "short.onnx", [nn.Conv2d(3, 6, 5)])
    with pytest.raises(InputError, match="convolution 2 is nothing"):
        fill_from_onnx(trunk, short)
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    for missing in ("junk.onnx", "missing.onnx"):
        with pytest.raises(InputError, match="is no ONNX model"):
            fill_from_onnx(trunk, tmp_path / missing)


def test_the_ssds_trunk_gives_the_ssds_features(shared: Path) -> None:
    """Kernels and picture turned by 180 degrees, torch pads where TensorFlow does; whose sixth is 0.16667."""
    file = shared / "teacher" / "ssd_mobilenet_v3_large_320.onnx"
    model = onnx.load(file)
    model.graph.output.append(helper.make_empty_tensor_value_info(LAST))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    coarse = np.random.default_rng(0).uniform(-1, 1, (1, 3, 20, 20)).astype(np.float32)
    picture = coarse.repeat(16, axis=2).repeat(16, axis=3)
    expected = session.run([LAST], {session.get_inputs()[0].name: picture})[0]
    trunk = load_trunk("mobilenet_v3_large_ssd", file).eval()
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.flip((2, 3))
    with torch.no_grad():
        found = trunk(torch.from_numpy(picture).flip((2, 3))).flip((2, 3)).numpy()
    assert found.shape == expected.shape == (1, 480, 10, 10)
    assert np.abs(found - expected).max() < 3e-4 * np.abs(expected).max()
