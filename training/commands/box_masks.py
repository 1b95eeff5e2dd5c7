"""Trains the box-to-mask network: silhouettes in, an ONNX file out that cuts objects out of boxes.

usage: python -m training box-masks DATA... -o masks.onnx [--minutes M | --steps N] [--validation LIST] [options]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from detectors.base import Bools, Floats, Image
from detectors.box_masks import THRESHOLD, BoxMasks, cut_square, logit_of, paste, region_of
from detectors.errors import InputError
from detectors.masks import box_crops
from training.commands.options import add_run, check, of_length
from training.commands.parts import held_out
from training.data.counts import counted
from training.data.dataset import Dataset, load_datasets
from training.data.mask_crops import Instance, MaskCrops, read_instances
from training.data.segmentation import Segmentation, SegmentedImage, load_segmentation
from training.data.taught_masks import taught_instances
from training.evaluation.contact_sheet import write_contact_sheet
from training.evaluation.instance_masks import MaskBoxes, judge, whole_boxes
from training.evaluation.mask_sheet import chosen, draw_mask_sheet, of_boxes
from training.export.box_masks import export_box_masks
from training.loop.box_mask_plan import BoxMaskPlan
from training.loop.box_mask_trainer import BoxMaskTrainer
from training.loop.checkpoint import Checkpoint, load_checkpoint
from training.loop.display import stage
from training.loop.report import MASKS
from training.loop.transfer import Weights, load_weights, transfer_trunk
from training.loop.watched import run_watched
from training.networks.backbones import load_trunk
from training.networks.box_masks import BoxMaskNetwork

SHEET = ".found.jpg"


def predict(network: BoxMaskNetwork, picture: Image, boxes: Floats) -> list[Bools]:
    """The mask of each box, as `detectors.box_masks.BoxMasks` gives it."""
    if not len(boxes):
        return []
    squares = torch.from_numpy(np.stack([cut_square(picture, region_of(box)) for box in boxes]))
    device = next(network.parameters()).device
    with torch.no_grad():
        logits = network(squares.permute(0, 3, 1, 2).float().to(device)).float().cpu().numpy()
    crops = box_crops(boxes, *picture.shape[:2])
    pasted = [paste(logit, region_of(box), crop) for logit, box, crop in zip(logits, boxes, crops, strict=True)]
    return [each >= logit_of(THRESHOLD) for each in pasted]


def build(start: Weights) -> BoxMaskNetwork:
    """A network on the trunk of a detector."""
    network = BoxMaskNetwork(start.plan.backbone, load_trunk(start.plan.backbone, None), start.plan.fold)
    transfer_trunk(start, network.pyramid)
    return network


def train(
    plan: BoxMaskPlan,
    network: BoxMaskNetwork,
    instances: Sequence[Instance],
    held: Sequence[SegmentedImage],
    options: argparse.Namespace,
    saved: Checkpoint[BoxMaskPlan] | None = None,
) -> BoxMaskNetwork:
    """Run the plan and return the running average of the network's weights."""
    trainer = BoxMaskTrainer(
        network,
        plan,
        MaskCrops(instances, plan.seed, plan.batch),
        lambda candidate: float(judge(_masker(candidate), held).mean()),
        options.output.with_suffix(".checkpoint"),
        options.device,
    )
    run_watched(trainer, MASKS, options.output, saved)
    return trainer.average


def instances_of(learn: Segmentation, held: Segmentation, options: argparse.Namespace) -> list[Instance]:
    """What is learnt from: silhouettes that people drew, and as often those that the teachers see in boxes."""
    own = read_instances(learn.images)
    if not own:
        raise InputError("DATA", "shows no single object", "give COCO masks or YOLO polygons, one an object")
    if not options.boxes:
        return own
    known, names = [image.path for image in learn.images], {image.path.name for image in held.images}
    with stage("asking the teachers"):
        boxes = load_datasets(options.boxes)
        unseen = Dataset(boxes.class_names, tuple(each for each in boxes.images if each.path.name not in names))
        taught = taught_instances(options.teacher, unseen, known)
    print(f"{len(taught)} objects whose masks the teachers tell")
    return [*taught, *own * max(1, round(len(taught) / len(own)))]


def _masker(network: BoxMaskNetwork) -> MaskBoxes:
    return lambda picture, boxes: predict(network, picture, boxes)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, checked."""
    plan = BoxMaskPlan()
    parser = argparse.ArgumentParser(prog="python -m training box-masks", description="Train masks out of boxes.")
    parser.add_argument(
        "data", nargs="+", type=Path, metavar="DATA", help="COCO .json files with masks, or folders of YOLO polygons"
    )
    add_run(parser, Path("masks.onnx"), plan.batch)
    parser.add_argument("--validation", type=Path, metavar="LIST", help="names of pictures to judge by, not to learn")
    parser.add_argument(
        "--start", default="sliding", metavar="NAME|PATH", help="detector whose trunk to start from (default: sliding)"
    )
    parser.add_argument(
        "--boxes", type=Path, action="append", metavar="DATA", help="more objects, with boxes only, for the teachers"
    )
    parser.add_argument(
        "--teacher", type=Path, action="append", metavar="PATH.onnx", help="a model of this command that masks --boxes"
    )
    options = parser.parse_args(arguments)
    check(options)
    if bool(options.boxes) != bool(options.teacher):
        raise InputError("--boxes and --teacher", "one needs the other", "give both, or neither")
    return options


def plan_of(options: argparse.Namespace) -> BoxMaskPlan:
    """The plan that the command line asks for."""
    plan = dataclasses.replace(BoxMaskPlan(), seed=options.seed, batch=options.batch)
    return of_length(plan, options.minutes, options.steps)


def main(arguments: Sequence[str]) -> None:
    """Train as told on the command line. Raises InputError for what cannot be used."""
    options = parse(arguments)
    with stage("reading the pictures and their masks"):
        parts = [load_segmentation(path) for path in options.data]
        whole = Segmentation((), tuple(image for part in parts for image in part.images if len(image.masks)))
    saved = load_checkpoint(options.resume, BoxMaskPlan) if options.resume else None
    plan = of_length(saved.plan, options.minutes, options.steps) if saved else plan_of(options)
    held = held_out(whole, options.validation, plan.seed)
    learn = whole.without(held)
    print(f"{_count(learn)} to learn from, {_count(held)} to judge by")
    torch.manual_seed(plan.seed)
    instances = instances_of(learn, held, options)
    network = train(plan, build(load_weights(options.start)), instances, held.images, options, saved)
    try:
        export_box_masks(network, options.output, {"plan": plan.to_json(), "pictures": str(len(learn.images))})
    except ValueError as error:
        raise InputError(options.output, str(error), "train anew with another --seed, or for longer") from None
    summarise(options.output, held.images)


def summarise(model: Path, held: Sequence[SegmentedImage]) -> None:
    """Print how well the exported masks fit, and draw some."""
    mask_boxes = BoxMasks(model)
    fits, boxes = (float(judge(each, held).mean()) for each in (mask_boxes, whole_boxes))

    def show(picture: Image, image: SegmentedImage) -> list[tuple[Image, str]]:
        drawn, fit = of_boxes(picture, image, mask_boxes)
        return [(picture, image.path.name), (drawn, f"IoU {fit:.2f}")]

    sheet = model.with_suffix(SHEET)
    write_contact_sheet(draw_mask_sheet(chosen(held), show), sheet)
    print(f"mean IoU of objects that it has not learnt from: {fits:.3f} (of their boxes: {boxes:.3f})")
    print(f"{sheet}: what it finds")


def _count(dataset: Segmentation) -> str:
    objects = sum(int((~image.crowd).sum()) for image in dataset.images)
    return f"{counted(objects, 'object')} ({counted(len(dataset.images), 'picture')})"
