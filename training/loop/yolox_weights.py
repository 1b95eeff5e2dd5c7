"""YOLOX-nano's own file as a place to start from: an ONNX export with batch normalisation folded into its convolutions.

The released weights (Megvii, Apache-2.0) have learnt on COCO's 118,000 pictures. All of it is kept but the product of
"something is here" and "it is this", of which the sum of the two logits is taken: the same order for all but the
weakest, and something that goes on learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from detectors.coco import COCO_CLASSES
from detectors.errors import InputError
from training.networks.detection import DetectionNetwork, build
from training.networks.heads import TowerHead
from training.networks.onnx_trunk import Convolution, read_convolutions
from training.networks.yolox import YoloxNano

BACKBONE = "yolox_nano"
CLASS_TOWER, BOX_TOWER = slice(0, 5), slice(6, 10)  # of a level's convolutions, with the stem before the first tower
CLASS, BOX, OBJECT = 5, 10, 11
A_LEVEL = 12  # convolutions of a level


def yolox_network(path: Path) -> DetectionNetwork:
    """The network of a YOLOX-nano export, for COCO's 80 classes. Raises InputError when the file is another's."""
    network = build(BACKBONE, YoloxNano(), len(COCO_CLASSES))
    head = network.head
    assert isinstance(head, TowerHead)
    trunk = _convolutions(network.pyramid)
    given = read_convolutions(path)
    if len(given) != len(trunk) + A_LEVEL * len(head.towers) or given[0][0].shape[1] != 12:
        raise InputError(path, "is no export of YOLOX-nano", "give one, or the .safetensors beside a trained model")
    _fill(path, trunk, [(_six_by_six(given[0][0]), given[0][1]), *given[1 : len(trunk)]])
    for level, (tower, output) in enumerate(zip(head.towers, head.outputs(), strict=True)):
        block = given[len(trunk) + A_LEVEL * level :][:A_LEVEL]
        _fill(path, _convolutions(tower), [*block[CLASS_TOWER], *block[BOX_TOWER]])
        _fill(path, [output], [_outputs(block)])
    return network


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d)]


def _six_by_six(kernel: np.ndarray) -> np.ndarray:
    """A kernel on every second pixel ``(out, 4 * 3, 3, 3)``, blue first -> one on all ``(out, 3, 6, 6)``, red first.

    The four are the upper left, lower left, upper right and lower right pixel of each square of four.
    """
    whole = np.zeros((len(kernel), 3, 6, 6), np.float32)
    for place, (down, right) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        whole[:, :, down::2, right::2] = kernel[:, 3 * place : 3 * place + 3]
    return np.ascontiguousarray(whole[:, ::-1])


def _outputs(block: Sequence[Convolution]) -> Convolution:
    """The last layer of a level: class logits from the class's tower, to which the object's from the box's is added."""
    (classes, class_bias), (box, box_bias), (thing, thing_bias) = (block[place] for place in (CLASS, BOX, OBJECT))
    logits = np.concatenate([classes, np.broadcast_to(thing, classes.shape)], axis=1)
    numbers = np.concatenate([np.zeros_like(box), box], axis=1)
    return np.concatenate([logits, numbers]), np.concatenate([class_bias + thing_bias, box_bias])


def _fill(path: Path, layers: Sequence[nn.Conv2d], given: Sequence[Convolution]) -> None:
    for layer, (weight, bias) in zip(layers, given, strict=True):
        if layer.weight.shape != weight.shape or layer.bias is None:
            raise InputError(path, "is no export of YOLOX-nano", "give the smallest of the YOLOX networks")
        layer.weight.data.copy_(torch.from_numpy(weight))
        layer.bias.data.copy_(torch.from_numpy(bias))
