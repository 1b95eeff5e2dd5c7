"""What a few labelled pictures and five minutes give: average precision against the number of pictures.

usage: python -m benchmarks.detection.few_shot DATA --list VAL [--class person] [--pictures 10,25,50,100]
                                              [--minutes 5] [--seed N] [--start sliding] [--unknown]

For each number, so many pictures with an object of the class are drawn from those not in VAL, a detector is trained on
them as `python -m training detector` does with few pictures, and it is judged on the pictures of VAL in which the class
was looked for, of --source alone if given. --start: the detector to start from, a .safetensors, or none for ImageNet
weights with the trunk frozen. --unknown: as if that detector had never heard of the class.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from detectors import InputError
from training.commands.detector import TrainingData, first_network, judge, train
from training.commands.starting import FEW_HEAD_RATE, NOTHING, PACKAGED
from training.data.dataset import Dataset, LabelledImage, load_dataset
from training.loop.detector_plan import Plan
from training.loop.transfer import Weights, known_classes, load_weights
from training.networks.backbones import load_trunk

OUTPUT = "head.output."  # tensors with a row a class, and four for the box


def of_class(dataset: Dataset, name: str) -> Dataset:
    """The pictures in which one class was looked for, with nothing but that class."""
    if name not in dataset.class_names:
        raise InputError(f"--class {name}", "is not in the data", f"choose one of: {', '.join(dataset.class_names)}")
    class_id = dataset.class_names.index(name)
    return Dataset((name,), tuple(_only(image, class_id) for image in dataset.images if image.labelled[class_id]))


def _only(image: LabelledImage, class_id: int) -> LabelledImage:
    rows = image.class_ids == class_id
    return dataclasses.replace(
        image,
        boxes=image.boxes[rows],
        class_ids=np.zeros(rows.sum(), dtype=np.int64),
        difficult=image.difficult[rows],
        scores=image.scores[rows],
        labelled=np.ones(1, dtype=bool),
    )


def plan_from(start: Weights | None, class_name: str, minutes: float, seed: int) -> Plan:
    """The plan of the command line for few pictures of one class."""
    backbone = start.plan.backbone if start else "mobilenet_v2"
    plan = Plan(backbone, (class_name,), trainable_layers=0, minutes=minutes, seed=seed, judgements=1)
    if not start:
        return plan
    rate = FEW_HEAD_RATE if known_classes(start, plan.class_names) else plan.head_rate
    return dataclasses.replace(plan, fold=start.plan.fold, head_rate=rate)


def without_class(start: Weights, class_name: str) -> Weights:
    """A detector that does not know a class: its row of the last layer is gone."""
    row = start.plan.class_names.index(class_name)
    tensors = dict(start.tensors)
    for key in [key for key in tensors if key.startswith(OUTPUT)]:
        tensors[key] = torch.cat([tensors[key][:row], tensors[key][row + 1 :]])
    names = tuple(name for name in start.plan.class_names if name != class_name)
    return Weights(tensors, dataclasses.replace(start.plan, class_names=names))


def main() -> None:
    """Train and print the curve, a row a number of pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--list", type=Path, required=True)
    parser.add_argument("--class", dest="class_name", default="person")
    parser.add_argument("--source")
    parser.add_argument("--pictures", default="10,25,50,100")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", default=PACKAGED)
    parser.add_argument("--unknown", action="store_true")
    arguments = parser.parse_args()
    try:
        start = None if arguments.start == NOTHING else load_weights(arguments.start)
        dataset = of_class(load_dataset(arguments.data), arguments.class_name)
        held_out = dataset.only(arguments.list.read_text(encoding="utf-8").split())
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
    of_source = tuple(image for image in held_out.images if arguments.source in (None, image.source))
    held_out, rest = Dataset(held_out.class_names, of_source), dataset.without(held_out)
    showing = [image for image in rest.images if (~image.difficult).any()]
    order = np.random.default_rng(arguments.seed).permutation(len(showing))
    print(f"{arguments.class_name}: {arguments.minutes:g} minutes each, judged on {len(held_out.images)} pictures")
    if start and arguments.unknown and arguments.class_name in start.plan.class_names:
        start = without_class(start, arguments.class_name)
    plan = plan_from(start, arguments.class_name, arguments.minutes, arguments.seed)
    for count in (int(number) for number in arguments.pictures.split(",")):
        learn = Dataset(dataset.class_names, tuple(showing[index] for index in order[:count]))
        with tempfile.TemporaryDirectory() as folder:
            trunk = load_trunk(plan.backbone, None if start else "imagenet")
            network = train(plan, first_network(plan, trunk, start), TrainingData(learn), Path(folder, "few"))
        precision = judge(network, held_out, plan.long_side, "cpu")[arguments.class_name]
        print(f"{count:4d} pictures  AP50 {precision.ap50:.3f}  AP {precision.ap:.3f}", flush=True)


if __name__ == "__main__":
    main()
