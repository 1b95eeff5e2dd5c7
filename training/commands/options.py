"""The command lines of training: what can be said, what it means, what is refused."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch

from detectors.errors import InputError
from detectors.sliding import STRIDE
from training.loop.box_mask_plan import BoxMaskPlan
from training.loop.detector_plan import Plan
from training.loop.embedder_plan import EmbeddingPlan
from training.loop.schedule import ENDLESS_MINUTES
from training.loop.segmenter_plan import SegmenterPlan
from training.networks.backbones import BACKBONES

LEAST = {"minutes": 0.01, "anneal": 0.01, "steps": 1, "batch": 2, "trainable_layers": 0, "seed": 0}
LEAST |= dict.fromkeys(("imgsz", "side", "run_at", "run_up_to"), 32)
STEPS_A_JUDGEMENT = 200
MINUTES_A_JUDGEMENT = 3
SHORT_JUDGEMENTS = 4  # of a short run, so that its curve shows where it goes
STEPS_BETWEEN, MINUTES_BETWEEN = 25, 0.5  # judgements of a short run at least
MINUTES_A_LONG_JUDGEMENT = 30
FROZEN_MINUTES = 4.0
MOST = 10_000_000
MOST_WEIGHT = 100.0
BACKBONE = "mobilenet_v2"

AnyPlan = TypeVar("AnyPlan", Plan, EmbeddingPlan, BoxMaskPlan, SegmenterPlan)


def plan_of(options: argparse.Namespace, class_names: tuple[str, ...]) -> Plan:
    """The plan that the command line asks for."""
    plan = Plan(
        backbone=options.backbone or BACKBONE,
        class_names=class_names,
        fold=not options.from_scratch,
        seed=options.seed,
        batch=options.batch,
        side=-(-min(options.side, options.imgsz) // STRIDE) * STRIDE,
        long_side=options.imgsz,
        head_rate=Plan.head_rate if options.head_rate is None else options.head_rate,
        trunk_rate=options.trunk_rate,
        spread=options.spread,
        mosaic=options.mosaic,
        zoom=options.zoom,
        hold_start=options.hold_start,
    )
    plan = of_use(plan, options)
    if options.open_ended:
        plan = open_ended(plan)
    if options.trainable_layers is not None:
        plan = dataclasses.replace(plan, trainable_layers=options.trainable_layers)
    if options.from_scratch:  # nothing to be careful with
        plan = dataclasses.replace(plan, trainable_layers=1000, trunk_rate=plan.head_rate, frozen_share=0.0)
    return plan if options.open_ended else of_length(plan, options.minutes, options.steps)


def open_ended(plan: Plan) -> Plan:
    """The plan without a known end: constant rates, until `Plan.annealed` gives it one."""
    return dataclasses.replace(
        plan,
        minutes=ENDLESS_MINUTES,
        steady_share=1.0,
        final_share=0.0,
        frozen_share=FROZEN_MINUTES / ENDLESS_MINUTES,
        judgements=round(ENDLESS_MINUTES / MINUTES_A_LONG_JUDGEMENT),
    )


def of_use(plan: Plan, options: argparse.Namespace) -> Plan:
    """The plan with what the command line says of the finished network: its sizes, and what it keeps of the start."""
    told = {name: getattr(options, name, None) for name in ("run_at", "run_up_to", "keep_start")}
    return dataclasses.replace(plan, **{name: value for name, value in told.items() if value is not None})


def resumed(plan: Plan, seconds: float, options: argparse.Namespace) -> Plan:
    """The plan of a saved run that stands at so many seconds, as the command line wants it to go on."""
    plan = of_use(plan, options)
    if options.anneal is not None:
        return plan.annealed(seconds, options.anneal)
    if options.minutes is None and options.steps is None:
        return plan
    return of_length(plan, options.minutes, options.steps)


def of_length(plan: AnyPlan, minutes: float | None, steps: int | None) -> AnyPlan:
    """The plan, so long; as long as it was where neither is given.

    The longer, the more often it is judged: a short run a few times, so that its curve shows where it goes.
    """
    if minutes is not None or steps is not None:
        plan = dataclasses.replace(plan, minutes=minutes, steps=steps or plan.steps)
    if plan.minutes is None:
        usual, most = plan.steps / STEPS_A_JUDGEMENT, plan.steps / STEPS_BETWEEN
    else:
        usual, most = plan.minutes / MINUTES_A_JUDGEMENT, plan.minutes / MINUTES_BETWEEN
    wanted = min(20.0, max(usual, min(SHORT_JUDGEMENTS, most)))
    return dataclasses.replace(plan, judgements=max(1, round(wanted)))


def read_list(path: Path) -> list[str]:
    """File names of pictures, a line each. Raises InputError when there is no such list or it is empty."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}", "give a text file of picture names, a line each") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError(path, "is empty", "give picture names, a line each")
    return names


def _weight(text: str) -> tuple[str, float]:
    """``coco=4`` -> ("coco", 4.0)."""
    source, _, factor = text.partition("=")
    if not source or not factor.replace(".", "", 1).isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no weight: write SOURCE=N, such as coco=3")
    return source, float(factor)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m training detector", description="Train a detector on pictures.")
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="+",
        help="COCO .json file, folder with annotations.json or YOLO labels, or folder of such; more of them, also of "
        "pictures only",
    )
    length = add_run(parser, Path("detector.onnx"), batch=8)
    length.add_argument("--open-ended", action="store_true", help="train until interrupted; then --resume --anneal M")
    length.add_argument("--anneal", type=float, metavar="M", help="with --resume: end the run, in M minutes from here")
    _add_start(parser)
    _add_sizes(parser)
    _add_labels(parser)
    _add_course(parser)
    options = parser.parse_args(arguments)
    check(options)
    return options


def _add_start(parser: argparse.ArgumentParser) -> None:
    """What the network is at first, and how much of it is trained."""
    parser.add_argument("--backbone", choices=sorted(BACKBONES), help=f"default: of --start, or {BACKBONE}")
    parser.add_argument("--weights", metavar="PATH", help="of the backbone (imagenet where there is no --start)")
    parser.add_argument(
        "--start",
        metavar="NAME|PATH",
        help="detector to start from: sliding (default, if no trunk is named), .safetensors, YOLOX-nano's .onnx, none",
    )
    parser.add_argument("--keep-start", type=float, metavar="SHARE", help="at the end, go back so far towards --start")
    parser.add_argument(
        "--hold-start", type=float, default=0.0, metavar="WEIGHT", help="while it learns, keep saying what --start says"
    )
    parser.add_argument("--from-scratch", action="store_true", help="start from random weights")
    parser.add_argument(
        "--trainable-layers", type=int, metavar="N", help="parts of the trunk to train, from its end; 0: none"
    )


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    """The sizes of pictures, in use and while it trains."""
    parser.add_argument("--imgsz", type=int, default=512, metavar="PIXELS", help="longer side it will run at")
    parser.add_argument("--run-at", type=int, metavar="PIXELS", help="the same for use, if other than for training")
    parser.add_argument("--run-up-to", type=int, metavar="PIXELS", help="larger frames at 3/4 of their size, up to it")
    parser.add_argument("--side", type=int, default=Plan.side, metavar="PIXELS", help="of the squares it trains on")
    parser.add_argument("--spread", type=float, default=Plan.spread, help="scales from 1 / exp(SPREAD) to exp(SPREAD)")
    parser.add_argument("--mosaic", type=float, default=Plan.mosaic, help="share of samples made of four pictures")
    help_of_zoom = "share of samples scaled to one of their objects, as if from close"
    parser.add_argument("--zoom", type=float, default=Plan.zoom, help=help_of_zoom)


def _add_labels(parser: argparse.ArgumentParser) -> None:
    """Which pictures are learnt from, how often, and what is believed of them."""
    parser.add_argument("--validation", type=Path, metavar="LIST", help="names of pictures to judge by, not to learn")
    parser.add_argument(
        "--teacher", type=Path, action="append", default=[], metavar="LABELS", help="another detector's labels, soft"
    )
    parser.add_argument("--balance", type=float, default=0.0, metavar="SHARE", help="draw classes rarer than this more")
    parser.add_argument("--weigh", type=_weight, action="append", default=[], metavar="SOURCE=N", help="draw N times")


def _add_course(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--head-rate", type=float, help="highest learning rate, new layers")
    parser.add_argument("--trunk-rate", type=float, default=Plan.trunk_rate, help="highest learning rate of the trunk")


def add_run(parser: argparse.ArgumentParser, output: Path, batch: int) -> argparse._MutuallyExclusiveGroup:
    """The arguments of every training run; returns those of which one says how long it is.

    output: its name for the model, unless told. batch: pictures a step.
    """
    parser.add_argument("-o", "--output", type=Path, default=output, metavar="PATH.onnx")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, metavar="M", help="train so long, on whatever machine")
    length.add_argument("--steps", type=int, metavar="N", help="train so many steps: repeats exactly")
    parser.add_argument("--batch", type=int, default=batch, metavar="N")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="CHECKPOINT",
        help="go on with an interrupted run, as it was planned; a new --minutes or --steps makes it longer or shorter",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--overwrite", action="store_true", help="replace a model that exists")
    return length


def check(options: argparse.Namespace) -> None:
    """Raise InputError for what would fail after the training, or make no sense before it."""
    for name, least in LEAST.items():
        value = getattr(options, name, None)
        if value is not None and not least <= value <= MOST:
            option = f"--{name.replace('_', '-')} {value:g}"
            raise InputError(option, f"is not between {least:g} and {MOST}", "choose another number")
    if getattr(options, "anneal", None) is not None and not options.resume:
        raise InputError("--anneal", "ends a run that exists", "name its checkpoint with --resume")
    _check_start(options)
    _check_output(options)
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"--device {options.device}", "this torch sees no GPU", "leave out --device")
    if not options.device.startswith(("cpu", "cuda")):
        raise InputError(f"--device {options.device}", "is not known", "choose cpu or cuda")


def _check_output(options: argparse.Namespace) -> None:
    """Refuse to destroy an older model, or a run that can go on; a run that goes on replaces its own alone."""
    output: Path = options.output
    if output.suffix != ".onnx":
        raise InputError(f"-o {output}", "is no name for a model", "give one that ends in .onnx")
    if not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise InputError(output.parent, "cannot be written to", "make the folder, or choose another")
    run = output.with_suffix(".checkpoint")
    resumed_from = getattr(options, "resume", None)
    if options.overwrite or (resumed_from and resumed_from.resolve() == run.resolve()):
        return
    for path in (output, output.with_suffix(".safetensors")):
        if path.exists():
            raise InputError(path, "exists", "choose another name, or add --overwrite")
    if run.exists() and "resume" in options:  # what does not train writes no checkpoint
        remedy = f"go on with it: --resume {run}; or choose another name, or add --overwrite"
        raise InputError(run, "is of a run that was begun before", remedy)


def _check_start(options: argparse.Namespace) -> None:
    share = getattr(options, "keep_start", None) or 0.0
    if not 0 <= share < 1:
        raise InputError(f"--keep-start {share:g}", "is no share between 0 and 1", "0.5 is half of the way back")
    weight = getattr(options, "hold_start", 0.0)
    if not 0 <= weight <= MOST_WEIGHT:
        raise InputError(
            f"--hold-start {weight:g}", f"is not between 0 and {MOST_WEIGHT:g}", "1 is as much as the labels"
        )
    for option, value in (("--keep-start", share), ("--hold-start", weight)):
        if value and (options.start or "none") == "none":
            raise InputError(option, "needs what the run started from", "name it with --start")
