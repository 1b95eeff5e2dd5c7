"""Trains a segmenter: pictures and the class of each pixel in, an ONNX file for ``keeptrack --segmenter`` out.

usage: python -m training segmenter DATA -o my.onnx [--minutes M | --steps N] [options]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from detectors.base import Image
from detectors.errors import InputError
from detectors.segmenter import Classes, Segmenter, enlarge
from detectors.sliding import STRIDE, fit
from training.commands.options import BACKBONE, add_run, check, of_length
from training.commands.parts import held_out
from training.commands.starting import NOTHING, PACKAGED
from training.data.counts import counted
from training.data.segmentation import Segmentation, SegmentedImage, load_segmentation
from training.data.segmentation_feed import SegmentationFeed
from training.evaluation.contact_sheet import write_contact_sheet
from training.evaluation.mask_sheet import chosen, draw_mask_sheet, of_classes
from training.evaluation.mean_iou import evaluate
from training.export.segmenter import export_segmenter
from training.loop.checkpoint import Checkpoint, load_checkpoint
from training.loop.display import stage
from training.loop.report import CLASSES, show_ious
from training.loop.segmenter_plan import SegmenterPlan
from training.loop.segmenter_trainer import SegmenterTrainer
from training.loop.transfer import Weights, load_weights, transfer_trunk
from training.loop.watched import run_watched
from training.networks.backbones import BACKBONES, load_trunk
from training.networks.fcn import FCN, FINEST

SHEET = ".found.jpg"


def starting_trunk(options: argparse.Namespace) -> Weights | None:
    """The detector whose trunk to start from; None where the command line names a trunk, or nothing to start from."""
    own = options.from_scratch or options.backbone or options.weights
    name = options.start or (NOTHING if own else PACKAGED)
    return None if name == NOTHING else load_weights(name)


def build(plan: SegmenterPlan, start: Weights | None, weights: str | None) -> FCN:
    """An FCN on the trunk of a detector, or on one with these weights of a classifier; None for random ones."""
    trunk = load_trunk(plan.backbone, None if start else weights)
    network = FCN(plan.backbone, trunk, 1 + len(plan.class_names), plan.finest, plan.fold)
    if start:
        transfer_trunk(start, network.pyramid)
    return network


def predict(network: FCN, picture: Image, long_side: int) -> Classes:
    """The class of each pixel of a picture, as `detectors.segmenter.Segmenter` gives it."""
    canvas, scale = fit(picture, long_side)
    pictures = torch.from_numpy(canvas).permute(2, 0, 1)[None].float().to(next(network.parameters()).device)
    with torch.no_grad():
        logits = network(pictures)[0].cpu().numpy()
    return enlarge(logits, scale, *picture.shape[:2])


def train(
    plan: SegmenterPlan,
    network: FCN,
    learn: Segmentation,
    held: Segmentation,
    options: argparse.Namespace,
    saved: Checkpoint[SegmenterPlan] | None = None,
) -> FCN:
    """Run the plan and return the running average of the network's weights."""

    def validate(candidate: FCN) -> float:
        found = evaluate(lambda picture: predict(candidate, picture, plan.long_side), held.images, held.class_names)
        return found["mean"]

    feed = SegmentationFeed(learn, plan.seed, plan.batch, plan.augmentation())
    files = options.output.with_suffix(".checkpoint")
    trainer = SegmenterTrainer(network, plan, feed, validate, files, options.device)
    run_watched(trainer, CLASSES, options.output, saved)
    return trainer.average


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m training segmenter", description="Train a segmenter on pictures.")
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="COCO .json file with masks, or folder with images/ and masks/ (class-number PNGs) or labels/ (YOLO)",
    )
    add_run(parser, Path("segmenter.onnx"), SegmenterPlan.batch)
    parser.add_argument(
        "--finest", type=int, choices=FINEST, default=8, help="stride of the finest map looked at: FCN-32s, -16s, -8s"
    )
    parser.add_argument("--backbone", choices=sorted(BACKBONES), help=f"default: of --start, or {BACKBONE}")
    parser.add_argument("--weights", metavar="PATH", help="of the backbone (imagenet where there is no --start)")
    parser.add_argument(
        "--start",
        metavar="NAME|PATH",
        help="detector whose trunk to start from: sliding (default, if no trunk is named), .safetensors, none",
    )
    parser.add_argument("--from-scratch", action="store_true", help="start from random weights")
    parser.add_argument("--validation", type=Path, metavar="LIST", help="names of pictures to judge by, not to learn")
    parser.add_argument(
        "--imgsz", type=int, default=SegmenterPlan.long_side, metavar="PIXELS", help="longer side it will run at"
    )
    parser.add_argument(
        "--trainable-layers", type=int, metavar="N", help="parts of the trunk to train, from its end; 0: none"
    )
    options = parser.parse_args(arguments)
    check(options)
    return options


def plan_of(options: argparse.Namespace, class_names: tuple[str, ...], backbone: str) -> SegmenterPlan:
    """The plan that the command line asks for."""
    plan = SegmenterPlan(
        backbone=backbone,
        class_names=class_names,
        finest=options.finest,
        fold=not options.from_scratch,
        seed=options.seed,
        batch=options.batch,
        side=min(SegmenterPlan.side, -(-options.imgsz // STRIDE) * STRIDE),
        long_side=options.imgsz,
    )
    if options.trainable_layers is not None:
        plan = dataclasses.replace(plan, trainable_layers=options.trainable_layers)
    if options.from_scratch:  # nothing to be careful with
        plan = dataclasses.replace(plan, trunk_rate=plan.head_rate, frozen_share=0.0)
    return of_length(plan, options.minutes, options.steps)


def main(arguments: Sequence[str]) -> None:
    """Train as told on the command line. Raises InputError for what cannot be used."""
    options = parse(arguments)
    with stage("reading the pictures and their masks"):
        dataset = load_segmentation(options.data)
    saved = load_checkpoint(options.resume, SegmenterPlan) if options.resume else None
    start = None if saved else starting_trunk(options)
    if saved:
        plan = of_length(saved.plan, options.minutes, options.steps)
    else:
        plan = plan_of(options, dataset.class_names, start.plan.backbone if start else options.backbone or BACKBONE)
        plan = dataclasses.replace(plan, fold=start.plan.fold) if start and not options.from_scratch else plan
    if plan.class_names != dataset.class_names:
        known = ", ".join(plan.class_names)
        raise InputError(options.resume, f"was trained for other classes: {known}", "give the data it was trained on")
    held = held_out(dataset, options.validation, plan.seed)
    learn = dataset.without(held)
    print(f"{counted(len(learn.images), 'picture')} to learn from, {len(held.images)} to judge by")
    torch.manual_seed(plan.seed)
    weights = None if saved or options.from_scratch else options.weights or "imagenet"
    network = train(plan, build(plan, start, weights), learn, held, options, saved)
    try:
        notes = {"plan": plan.to_json(), "pictures": str(len(learn.images))}
        export_segmenter(network, plan.class_names, plan.long_side, options.output, notes)
    except ValueError as error:
        raise InputError(options.output, str(error), "train anew with another --seed, or for longer") from None
    summarise(options.output, held)


def summarise(model: Path, held: Segmentation) -> None:
    """Print the IoU of each class of the exported network, and draw some pictures."""
    segment = Segmenter(model)

    def show(picture: Image, image: SegmentedImage) -> list[tuple[Image, str]]:
        return [(of_classes(picture, image.classes()), "labelled"), (of_classes(picture, segment(picture)), "found")]

    sheet = model.with_suffix(SHEET)
    write_contact_sheet(draw_mask_sheet(chosen(held.images), show), sheet)
    show_ious(evaluate(segment, held.images, held.class_names), counted(len(held.images), "held-out picture"))
    print(f"{sheet}: what it finds; try: keeptrack VIDEO --segmenter {model}")
