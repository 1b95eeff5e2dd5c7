"""Trains an appearance network: crops by identity in, an ONNX file for ``keeptrack video.mp4 --appearance`` out.

usage: python -m training embedder DATA... -o my.onnx [--minutes M | --steps N] [--teacher PATH.onnx] [options]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from detectors.base import Floats, Image
from detectors.errors import InputError
from training.commands.options import add_run, check, of_length
from training.commands.summary import gain_of
from training.data.identities import PERSON, Crop, by_identity, load_crops
from training.data.views import Teacher, Variation, Views, normalised
from training.evaluation.holdout import HeldOut, hold_out
from training.evaluation.retrieval import APART, TOGETHER
from training.export.embedder import export_embedding
from training.loop.checkpoint import Checkpoint, load_checkpoint
from training.loop.embedder_plan import EmbeddingPlan
from training.loop.embedder_trainer import EmbeddingTrainer
from training.loop.report import APPEARANCE, show_separations
from training.loop.watched import run_watched
from training.networks.embedding import Embedding, build

AT_ONCE = 64  # crops that are judged in one go
PROTOCOL = (
    "held-out identities: each crop is the query, all others of its source are the gallery, those of the same identity "
    f"less than {APART:g} s away left out; AUC: pairs of a scene at most {TOGETHER:g} s apart"
)


def train(
    plan: EmbeddingPlan,
    network: Embedding,
    views: Views,
    files: Path,
    validate: Callable[[Embedding], float] | None = None,
    device: str = "cpu",
    saved: Checkpoint[EmbeddingPlan] | None = None,
) -> Embedding:
    """Run the plan and return the running average of the network's weights.

    files: where the run is written down: with the endings .checkpoint, .metrics.csv and .curves.png. saved: a run to go
    on with.
    """
    trainer = EmbeddingTrainer(network, plan, views, validate, files.with_suffix(".checkpoint"), device)
    before = validate(trainer.average) if validate and not saved else None
    if before is not None:
        trainer.best_score = before
    run_watched(trainer, APPEARANCE, files, saved)
    if validate and before is not None:
        print(gain_of(before, validate(trainer.average), APPEARANCE.score))
    return trainer.average


def embed_with(network: Embedding, device: str = "cpu") -> Callable[[Sequence[Image]], Floats]:
    """The network as a function of pictures ``(H, W, 3)`` BGR."""

    def embed(pictures: Sequence[Image]) -> Floats:
        parts = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
        with torch.no_grad():
            vectors = [network(torch.from_numpy(normalised(part)).to(device)).cpu().numpy() for part in parts]
        return np.concatenate(vectors).astype(np.float64)

    return embed


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, checked."""
    plan = EmbeddingPlan()
    parser = argparse.ArgumentParser(prog="python -m training embedder", description="Train an appearance network.")
    parser.add_argument(
        "data",
        nargs="+",
        type=Path,
        metavar="DATA",
        help="MOTChallenge sequences, folders of crops by identity, or COCO .json files",
    )
    add_run(parser, Path("embedder.onnx"), plan.batch)
    parser.add_argument("--teacher", type=Path, metavar="PATH.onnx", help="learn what this model finds alike, too")
    parser.add_argument("--weights", default="imagenet", metavar="PATH", help="of the trunk (default: imagenet)")
    parser.add_argument("--class", dest="class_name", default=PERSON, metavar="NAME", help="of COCO boxes (person)")
    parser.add_argument("--triplet", type=float, default=plan.triplet, metavar="N", help="weight of the triplet loss")
    parser.add_argument("--distill", type=float, default=plan.distill, metavar="N", help="weight of the teacher's loss")
    options = parser.parse_args(arguments)
    check(options)
    for name in ("triplet", "distill"):
        if not 0 <= getattr(options, name) <= 1000:
            raise InputError(f"--{name} {getattr(options, name):g}", "is no weight", "choose one from 0 to 1000")
    if options.batch < 8:
        raise InputError(f"--batch {options.batch}", "compares too few crops", "choose 8 or more")
    if options.triplet == 0 and not (options.teacher and options.distill):
        raise InputError("--triplet 0", "leaves nothing to learn from", "give a --teacher, or a weight above 0")
    return options


def plan_of(options: argparse.Namespace) -> EmbeddingPlan:
    """The plan that the command line asks for."""
    names = ("seed", "batch", "triplet", "distill")
    plan = dataclasses.replace(EmbeddingPlan(), **{name: getattr(options, name) for name in names})
    return of_length(plan, options.minutes, options.steps)


def main(arguments: Sequence[str]) -> None:
    """Train as told on the command line. Raises InputError for what cannot be used."""
    options = parse(arguments)
    saved = load_checkpoint(options.resume, EmbeddingPlan) if options.resume else None
    plan = of_length(saved.plan, options.minutes, options.steps) if saved else plan_of(options)
    teacher = Teacher(options.teacher) if options.teacher else None
    learn, held = hold_out(load_crops(options.data, options.class_name), plan.seed)
    torch.manual_seed(plan.seed)
    network = build(None if saved else options.weights)
    how = Variation()
    views = Views(learn, plan.seed, plan.batch, how, teacher, plan.views)
    judged = HeldOut(held, how, plan.seed)
    print(f"{_count(learn)} to learn from, {_count(held)} to judge by")

    def validate(candidate: Embedding) -> float:
        found = judged.judge(embed_with(candidate, options.device))
        return float(np.nanmean([each.mean_ap for each in found.values()]))

    network = train(plan, network, views, options.output, validate, options.device, saved)
    try:
        export_embedding(network, options.output, {"plan": plan.to_json()})
    except ValueError as error:
        raise InputError(options.output, str(error), "train anew with another --seed, or for longer") from None
    found = {_name(options.data[at]): each for at, each in judged.judge(embed_with(network, options.device)).items()}
    if teacher:
        theirs = judged.judge(teacher, teacher.height, teacher.width)
        found |= {f"{_name(options.data[at])}, teacher": each for at, each in theirs.items()}
    show_separations(found, PROTOCOL)
    output = options.output
    print(f"{output}: try: keeptrack VIDEO --appearance {output}")


def _name(path: Path) -> str:
    """What a source is called in the table."""
    return path.resolve().parent.name if path.suffix == ".json" else path.resolve().name


def _count(crops: Sequence[Crop]) -> str:
    return f"{len(by_identity(crops))} identities ({len(crops)} crops)"
