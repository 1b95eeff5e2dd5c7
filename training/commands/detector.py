"""Trains a detector: labelled pictures in, an ONNX file for ``keeptrack video.mp4 --detector`` out.

usage: python -m training detector DATA -o my.onnx [--minutes M | --steps N] [options]
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from detectors.base import Detections, Floats, Image
from detectors.boxes import nms
from detectors.errors import InputError
from detectors.sliding import fit
from training.commands.options import parse, plan_of, resumed
from training.commands.parts import parts_of
from training.commands.starting import check_needed, describe_start, for_few, starting_weights
from training.commands.summary import judged_by, summarise
from training.data.counts import counted
from training.data.dataset import Dataset, load_datasets
from training.data.feed import BatchSource, Feed, PictureReader
from training.data.pseudo_labels import read_labels, with_teacher
from training.data.sampling import repeat_factors, source_factors
from training.data.score_calibration import fit_scales, outcomes
from training.data.set_folders import sets_in, sets_told
from training.evaluation.evaluate import IOU, MOST, WEAKEST, Precision, evaluate
from training.export.detector import export
from training.loop.checkpoint import Checkpoint, load_checkpoint
from training.loop.detector_plan import Plan
from training.loop.detector_trainer import Start, Trainer
from training.loop.display import stage
from training.loop.feature_cache import FeatureCache, affordable_views
from training.loop.loop import low_precision
from training.loop.report import DETECTION
from training.loop.transfer import SUFFIX, Weights, keep_start, known_classes, save_weights, transfer
from training.loop.watched import run_watched
from training.networks.backbones import load_trunk
from training.networks.detection import DetectionNetwork, build
from training.networks.heads import rescale

CANDIDATES = 500  # a picture, before non-maximum suppression
FITS = 0.7  # IoU from which a score counts a box as right: half of an object, or two as one, is of no use to a tracker


def predict(network: DetectionNetwork, image: Image, long_side: int, device: str = "cpu") -> Detections:
    """What the network finds in a picture ``(H, W, 3)``, after non-maximum suppression, in its pixels."""
    canvas, scale = fit(image, long_side)
    pictures = torch.from_numpy(canvas).permute(2, 0, 1)[None].float().to(device, memory_format=torch.channels_last)
    with torch.no_grad(), low_precision(torch.device(device)):
        answers = network(pictures)
    best, class_ids = answers.logits[0].sigmoid().max(dim=1)
    scores, order = best.topk(min(CANDIDATES, len(best)))  # an untrained network believes in every cell
    order = order[scores >= WEAKEST]
    boxes = (answers.boxes[0, order] / scale).double().cpu().numpy()
    found = Detections(boxes, best[order].double().cpu().numpy(), class_ids[order].cpu().numpy())
    return found[nms(found.boxes, found.scores, IOU, found.class_ids)[:MOST]]


def judge(network: DetectionNetwork, dataset: Dataset, long_side: int, device: str) -> dict[str, Precision]:
    """Average precision by class name."""
    network.eval()
    return evaluate(lambda image: predict(network, image, long_side, device), PictureReader(), dataset)


def calibrate(network: DetectionNetwork, dataset: Dataset, long_side: int, device: str) -> None:
    """Make the network's scores the chance that a detection fits its object, as far as `dataset` can tell."""
    judged = outcomes(lambda image: predict(network, image, long_side, device), PictureReader(), dataset, FITS)
    slopes, shifts = (torch.tensor(each, device=device).float() for each in fit_scales(judged, network.head.classes))
    rescale(network.head, slopes, shifts)


class TrainingData(NamedTuple):
    """What a run learns from, and what it is judged by; None where nothing is held back. factors: see `Feed`.

    start_score: AP50 of what the run starts from, on `validate`, where that is known. start: what it is held to.
    """

    learn: Dataset
    validate: Dataset | None = None
    factors: Floats | None = None
    start_score: float | None = None
    start: Start | None = None


def make_feed(network: DetectionNetwork, plan: Plan, data: TrainingData, device: str) -> BatchSource:
    """Batches for the plan: of the trunk's features where it stays frozen and they fit into memory."""
    feed = Feed(data.learn, plan.seed, data.factors)
    views = affordable_views(network, len(data.learn.images), plan.side) if plan.trainable_layers == 0 else 0
    if not views:
        return feed
    network.to(device).to(memory_format=torch.channels_last)
    return FeatureCache(network, feed, plan.augmentation(0.0), views, device)


def first_network(plan: Plan, trunk: nn.Module, start: Weights | None = None) -> DetectionNetwork:
    """The network that a run begins with. start: a detector to start from; the trunk's weights are not used then."""
    torch.manual_seed(plan.seed)
    network = build(plan.backbone, trunk, len(plan.class_names), plan.fold)
    if start:
        transfer(start, network, plan)
    return network


def held_start(plan: Plan, network: DetectionNetwork, start: Weights | None) -> Start | None:
    """The start that the plan holds on to, in a network like the one that is trained; None where there is none."""
    if not plan.hold_start or start is None:
        return None
    before = copy.deepcopy(network)
    transfer(start, before, plan)
    known = known_classes(start, plan.class_names)
    return Start(before, torch.tensor([at for at, name in enumerate(plan.class_names) if name in known]))


def train(
    plan: Plan,
    network: DetectionNetwork,
    data: TrainingData,
    files: Path,
    device: str = "cpu",
    saved: Checkpoint[Plan] | None = None,
) -> DetectionNetwork:
    """Run the plan and return the network that was judged best, or the last one where nothing judges.

    network: what the run begins with. files: where it is written down: with the endings .checkpoint, .metrics.csv and
    .curves.png. saved: a run to go on with; the network's weights are not used then.
    """
    validate = data.validate
    torch.manual_seed(plan.seed)
    if saved:
        saved.restore({"network": network})
    trainer = Trainer(
        network,
        plan,
        make_feed(network, plan, data, device),
        (lambda candidate: judge(candidate, validate, plan.long_side, device)["mean"].ap50) if validate else None,
        files.with_suffix(".checkpoint"),
        device,
        data.start,
    )
    if data.start_score is not None:
        trainer.best_score = data.start_score
    run_watched(trainer, DETECTION, files, saved, lambda: _activity(trainer))
    return trainer.best if validate else trainer.average


def _activity(trainer: Trainer) -> str:
    """What a trainer does at this moment beside its steps."""
    filled = trainer.feed.filled if isinstance(trainer.feed, FeatureCache) else 1.0
    return trainer.activity or (f"computing features {filled:.0%}" if filled < 1 else "")


def checked_plan(
    options: argparse.Namespace,
    class_names: tuple[str, ...],
    saved: Checkpoint[Plan] | None,
    start: Weights | None = None,
) -> Plan:
    """The plan that the command line asks for, of a network like the start's, or that of the run to go on with.

    Raises InputError where that run was for other classes than those of the data.
    """
    plan = plan_of(options, class_names)
    if start and not options.from_scratch:
        plan = dataclasses.replace(plan, fold=start.plan.fold)
    if saved:
        plan = resumed(saved.plan, saved.counters.seconds, options)
    if plan.class_names != class_names:
        known = ", ".join(plan.class_names)
        raise InputError(options.resume, f"was trained for other classes: {known}", "give the data it was trained on")
    return plan


def write_network(network: DetectionNetwork, plan: Plan, output: Path, notes: Mapping[str, str]) -> None:
    """Write the ONNX file with its plan, its sizes and more notes, and the weights beside it.

    Raises InputError where ONNX Runtime does not answer as the network does.
    """
    more = {"longest_side": str(plan.run_up_to)} if plan.run_up_to else {}
    try:
        with stage("writing the network"):
            export(network, plan.class_names, plan.run_side, output, {"plan": plan.to_json(), **notes, **more})
    except ValueError as error:
        raise InputError(output, str(error), "train anew with another --seed, or for longer") from None
    save_weights(network, plan, output.with_suffix(SUFFIX))


def main(arguments: Sequence[str]) -> None:
    """Train as told on the command line. Raises InputError for what cannot be used."""
    options = parse(arguments)
    for path in map(Path, options.data):
        if inside := sets_in(path):
            print(f"{path}: {sets_told(path, inside)}")
    with stage("reading the pictures and their labels"):
        dataset = load_datasets(options.data)
    saved = load_checkpoint(options.resume, Plan) if options.resume else None
    start = starting_weights(options)
    if start and options.backbone is None:
        options.backbone = start.plan.backbone
    plan = checked_plan(options, dataset.class_names, saved, start)
    check_needed(plan, start)
    learn, validate = parts_of(dataset, options.validation, plan.seed)
    if options.teacher:
        learn = with_teacher(learn, read_labels(options.teacher, learn.class_names))
    if start and not saved:
        print(describe_start(options.start, start, plan.class_names))
        plan = for_few(plan, start, len(learn.images), options)
    factors = source_factors(learn, dict(options.weigh)) * repeat_factors(learn, options.balance)
    if not factors.any():
        raise InputError("--weigh", "leaves nothing to learn from", "weigh some source more than 0")
    torch.manual_seed(plan.seed)
    trunk = load_trunk(plan.backbone, None if saved or start or options.from_scratch else options.weights or "imagenet")
    network = first_network(plan, trunk, start)
    before = None
    if start and not saved:
        judged = judged_by(learn, validate)
        with stage(f"judging what it starts from, in {counted(len(judged.images), 'picture')}"):
            before = judge(network.to(options.device), judged, plan.run_side, options.device)
    score = _score(before) if validate and plan.run_side == plan.long_side else None
    data = TrainingData(learn, validate, factors, score, held_start(plan, network, start))
    network = train(plan, network, data, options.output, options.device, saved)
    if start and plan.keep_start:
        keep_start(start, network, plan, plan.keep_start)
    if validate:
        calibrate(network, validate, plan.run_side, options.device)
    write_network(network, plan, options.output, {"pictures": str(len(learn.images))})
    summarise(
        lambda image: predict(network, image, plan.run_side, options.device), learn, validate, options.output, before
    )


def _score(precisions: Mapping[str, Precision] | None) -> float | None:
    """AP50 of all classes, where there was anything to find."""
    return precisions["mean"].ap50 if precisions and "mean" in precisions else None
