"""Starting from a trained detector instead of from a classifier: what it knows about boxes serves other classes too.

Weights travel in a safetensors file in half precision, with the plan that rebuilds their network.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import onnx
import torch

from detectors.coco import COCO_CLASSES
from detectors.errors import InputError, refusing
from detectors.metadata import input_size
from detectors.sliding import EMBEDDED
from training.loop.checkpoint import read_tensors, write_tensors
from training.loop.detector_plan import Plan
from training.loop.yolox_weights import BACKBONE, yolox_network
from training.networks.detection import DetectionNetwork
from training.networks.pyramid import Pyramid

FORMAT = "keeptrack detector weights 1"
SUFFIX = ".safetensors"


class Weights(NamedTuple):
    """A trained network. tensors: its state dict. plan: how it was trained."""

    tensors: Mapping[str, torch.Tensor]
    plan: Plan


def save_weights(network: DetectionNetwork, plan: Plan, path: Path) -> None:
    """Write a network's weights in half precision, whole or not at all."""
    tensors = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    write_tensors(path, tensors, {"format": FORMAT, "plan": plan.to_json()})


def weights_file(path: str | Path) -> Path:
    """Where weights are read from, also of the detector that comes with the package: "sliding"."""
    return EMBEDDED.with_suffix(SUFFIX) if str(path) == "sliding" else Path(path)


def load_weights(path: str | Path) -> Weights:
    """The weights in `path`, or of the detector that comes with the package: "sliding". Raises InputError.

    path: what `save_weights` wrote, or YOLOX-nano's ONNX file.
    """
    path = weights_file(path)
    if path.suffix == ".onnx":
        return Weights(yolox_network(path).state_dict(), Plan(BACKBONE, COCO_CLASSES))
    with refusing(path, "is no detector to start from", f"give sliding, or the {SUFFIX} beside a trained model"):
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise ValueError("it was not written at the end of a training")
        plan = Plan.from_json(metadata["plan"])
        if path == EMBEDDED.with_suffix(SUFFIX) and not plan.run_at:
            plan = _sized_as(EMBEDDED, plan)
        return Weights({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}, plan)


def _sized_as(model: Path, plan: Plan) -> Plan:
    """A plan that is older than its sizes of use, with those that are written in the model."""
    metadata = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    run_at = input_size(metadata, "long_side", plan.long_side)
    run_up_to = input_size(metadata, "longest_side", run_at)  # not above it: none
    return dataclasses.replace(plan, run_at=run_at, run_up_to=run_up_to)


def known_classes(weights: Weights, class_names: Sequence[str]) -> dict[str, int]:
    """Those of the names that the weights know, and their rows in them; capital letters do not matter."""
    rows = {name.casefold(): row for row, name in enumerate(weights.plan.class_names)}
    return {name: rows[name.casefold()] for name in class_names if name.casefold() in rows}


def transfer(weights: Weights, network: DetectionNetwork, plan: Plan) -> None:
    """Give a network all that trained weights know: of the last layer, the boxes, and the classes of the same names.

    A class that they do not know begins as in an untrained head, which sees it nowhere.
    Raises InputError when the weights are of another backbone.
    """
    with refusing("--start", "its weights do not fit its plan", f"give the {SUFFIX} beside a trained model"):
        known = known_classes(weights, plan.class_names)
        theirs, own = dict(weights.tensors), network.state_dict()
        for key in [key for key in own if key.startswith("head.output.")]:
            if key not in theirs:
                continue  # another head, which is refused below
            rows = own[key].clone()
            rows[-4:] = theirs[key][-4:]
            for row, name in enumerate(plan.class_names):
                if name in known:
                    rows[row] = theirs[key][known[name]]
            theirs[key] = rows
        try:
            network.load_state_dict(theirs)
        except RuntimeError:
            folded = weights.plan.fold and not plan.fold
            wanted = f"--backbone {weights.plan.backbone}" + (" without --from-scratch" if folded else "")
            raise InputError("--start", "the weights are of another backbone", f"use {wanted}") from None


def transfer_trunk(weights: Weights, pyramid: Pyramid) -> None:
    """Give a trunk's maps, or some of them, all that a detector's trunk knows. Raises InputError for another trunk."""
    theirs, own = weights.tensors, pyramid.state_dict()
    missing = [key for key in own if (given := theirs.get(f"pyramid.{key}")) is None or given.shape != own[key].shape]
    if missing:
        raise InputError("--start", "the weights are of another backbone", f"use --backbone {weights.plan.backbone}")
    pyramid.load_state_dict({key: theirs[f"pyramid.{key}"] for key in own})


@torch.no_grad()
def average(given: Sequence[tuple[Weights, float]], network: DetectionNetwork, plan: Plan) -> None:
    """Give a network the mean of trained weights, each with its share, in whatever unit.

    Raises InputError when they are of another backbone.
    """
    total = sum(share for _, share in given)
    mean = {key: torch.zeros_like(value) for key, value in network.state_dict().items()}
    for weights, share in given:
        transfer(weights, network, plan)
        for key, value in network.state_dict().items():
            mean[key] = mean[key] + value * (share / total) if value.is_floating_point() else value
    network.load_state_dict(mean)


@torch.no_grad()
def keep_start(weights: Weights, network: DetectionNetwork, plan: Plan, share: float) -> None:
    """Move a network that has gone on from `weights` back towards them, by a share of the way.

    What lies between is better than both ends at what they were trained for, and at what neither was (Wortsman et al.,
    "Robust fine-tuning of zero-shot models", 2022), as long as the rates were so low that the two are still neighbours.
    """
    start = copy.deepcopy(network)
    transfer(weights, start, plan)
    before = start.state_dict()
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            value.lerp_(before[key], share)
