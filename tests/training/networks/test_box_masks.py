"""The box-to-mask network: its sizes, and that what it knows at first is its trunk's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch.nn import functional

from detectors.errors import InputError
from training.loop.transfer import Weights, load_weights, transfer_trunk
from training.networks.backbones import load_trunk
from training.networks.box_masks import BoxMaskNetwork, Enlarge
from training.networks.pyramid import Pyramid


@pytest.mark.parametrize("name", ["yolox_nano", "mobilenet_v3_small", "resnet18"])
def test_it_answers_at_half_the_size_of_the_crop(name: str) -> None:
    torch.manual_seed(0)
    network = BoxMaskNetwork(name, load_trunk(name, None)).eval()
    assert [level.stride for level in network.pyramid.levels] == [2, 4, 8]
    with torch.no_grad():
        assert network(torch.rand(3, 3, 96, 64) * 255).shape == (3, 48, 32)


def test_enlarging_begins_as_a_mixture_of_interpolated_maps() -> None:
    torch.manual_seed(0)
    layer = Enlarge(5, 3)
    maps = torch.rand(1, 5, 6, 6)
    larger = functional.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)
    mixing = layer.weight[:, :, 1, 1] / (0.75 * 0.75)
    with torch.no_grad():
        expected = torch.einsum("bchw,cd->bdhw", larger, mixing)
        assert torch.allclose(layer(maps)[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-5)


def test_the_package_s_detector_gives_its_trunk() -> None:
    start = load_weights("sliding")
    network = BoxMaskNetwork("yolox_nano", load_trunk("yolox_nano", None))
    transfer_trunk(start, network.pyramid)
    whole = Pyramid(load_trunk("yolox_nano", None))
    transfer_trunk(start, whole)
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        assert torch.allclose(network.pyramid.eval()(picture)[-1], whole.eval()(picture)[0], atol=1e-4)


def test_another_trunk_is_refused() -> None:
    start = load_weights("sliding")
    with pytest.raises(InputError, match="another backbone"):
        transfer_trunk(start, Pyramid(load_trunk("mobilenet_v3_small", None)))
    with pytest.raises(InputError, match="another backbone"):
        transfer_trunk(Weights({}, start.plan), Pyramid(load_trunk("yolox_nano", None)))
