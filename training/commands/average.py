"""The mean of several detectors' weights as one detector, which is often better than each of them, and no slower.

Runs that began from the same weights at low rates end so close to each other that what lies between them works, and
errs less than either (a "soup": Wortsman et al., "Model soups", 2022).

usage: python -m training average A.safetensors B.safetensors=2 ... -o mean.onnx [--data DATA --validation LIST]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from detectors.errors import InputError
from training.commands.detector import calibrate, first_network, judge, write_network
from training.commands.options import check, of_use
from training.commands.parts import listed_names
from training.data.counts import counted
from training.data.dataset import Dataset, load_datasets, numbered_as
from training.loop.detector_plan import Plan
from training.loop.display import stage
from training.loop.report import show_precisions
from training.loop.transfer import SUFFIX, Weights, average, known_classes, load_weights, weights_file
from training.networks.backbones import load_trunk


def _weighted(text: str) -> tuple[str, float]:
    """``a.safetensors=2`` -> ("a.safetensors", 2.0); 1 where nothing is said, or a file has that very name."""
    path, _, share = text.rpartition("=")
    if not path or Path(text).exists():
        return text, 1.0
    if not share.replace(".", "", 1).isdecimal() or float(share) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no weight: write PATH=N, such as a.safetensors=2")
    return path, float(share)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m training average", description="Average the weights of detectors.")
    parser.add_argument(
        "weights",
        type=_weighted,
        nargs="+",
        metavar="PATH[=N]",
        help=".safetensors of runs from one start, and it; N: 1",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PATH.onnx")
    parser.add_argument("--data", nargs="+", default=[], metavar="DATA", help="pictures to judge and calibrate by")
    parser.add_argument("--validation", type=Path, metavar="LIST", help="names of those pictures; all if left out")
    parser.add_argument("--run-at", type=int, metavar="PIXELS", help="longer side it will run at; else as the first")
    parser.add_argument("--run-up-to", type=int, metavar="PIXELS", help="larger frames at 3/4 of their size, up to it")
    parser.add_argument("--overwrite", action="store_true", help="replace a model that exists")
    options = parser.parse_args(arguments)
    options.device = "cpu"
    check(options)
    for path, _ in options.weights:
        for written in (options.output, options.output.with_suffix(SUFFIX)):
            if weights_file(path).resolve() == written.resolve():
                raise InputError(
                    f"-o {options.output}", f"would replace {path}, which it is made of", "choose another name"
                )
    if options.validation and not options.data:
        raise InputError("--validation", "names pictures of no data", "name the folder with --data")
    return options


def load_all(options: argparse.Namespace) -> list[tuple[Weights, float]]:
    """The weights with their shares; the first ones say what for.

    Raises InputError, naming the file, where others are of another network, or know less.
    """
    given = [(load_weights(path), share) for path, share in options.weights]
    first = given[0][0]
    wanted = first.plan.class_names
    for (path, _), (weights, _) in zip(options.weights, given, strict=True):
        if _layers(weights) != _layers(first):
            why = f"is of another network than the first: {_network(weights.plan)}"
            raise InputError(path, why, f"give runs of {_network(first.plan)}")
        if unknown := [name for name in wanted if name not in known_classes(weights, wanted)]:
            raise InputError(path, f"does not know {', '.join(unknown)}", "average runs for the same classes")
    return given


def _layers(weights: Weights) -> dict[str, torch.Size]:
    """The shapes of all that does not depend on the number of classes."""
    return {key: value.shape for key, value in weights.tensors.items() if not key.startswith("head.output")}


def _network(plan: Plan) -> str:
    return plan.backbone if plan.fold else f"{plan.backbone} from scratch"


def judged_by(options: argparse.Namespace, class_names: tuple[str, ...]) -> Dataset | None:
    """The pictures to calibrate by, their classes numbered so. Raises InputError where they are of other classes."""
    if not options.data:
        return None
    dataset = load_datasets(options.data)
    if sorted(map(str.casefold, dataset.class_names)) != sorted(map(str.casefold, class_names)):
        told = ", ".join(dataset.class_names)
        raise InputError("--data", f"is of other classes: {told}", f"give pictures of {', '.join(class_names)}")
    dataset = numbered_as(dataset, class_names)
    if not options.validation:
        return dataset
    return dataset.only(listed_names(options.validation, [image.path for image in dataset.images]))


def main(arguments: Sequence[str]) -> None:
    """Average as told on the command line. Raises InputError for what cannot be used."""
    options = parse(arguments)
    given = load_all(options)
    plan = of_use(given[0][0].plan, options)
    pictures = judged_by(options, plan.class_names)
    network = first_network(plan, load_trunk(plan.backbone, None)).eval()
    average(given, network, plan)
    if pictures:
        count = counted(len(pictures.images), "picture")
        with stage(f"calibrating and judging, in {count}"):
            calibrate(network, pictures, plan.run_side, options.device)
            precisions = judge(network, pictures, plan.run_side, options.device)
        show_precisions(precisions, count, None)
    total = sum(share for _, share in options.weights)
    told = ", ".join(f"{Path(path).name} {share / total:.2f}" for path, share in options.weights)
    write_network(network, plan, options.output, {"mean_of": told})
    print(f"{options.output}: the mean of {told}; try: keeptrack VIDEO --detector {options.output}")
