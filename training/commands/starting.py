"""What a detector's training starts from, and what few pictures change about its plan."""

from __future__ import annotations

import argparse
import dataclasses

from detectors.errors import InputError
from training.loop.detector_plan import Plan
from training.loop.transfer import Weights, known_classes, load_weights

PACKAGED, NOTHING = "sliding", "none"
FEW_PICTURES = 200  # up to so many, a trunk that has seen thousands is better left alone
FEW_HEAD_RATE = 1e-4  # where the head knows all classes already: a few pictures are not to shake that off


def starting_weights(options: argparse.Namespace) -> Weights | None:
    """The detector to start from: the package's, unless the command line names another or a trunk's own weights."""
    if options.start is not None:
        return None if options.start == NOTHING else load_weights(options.start)
    own = options.from_scratch or options.resume or options.backbone or options.weights
    return None if own else load_weights(PACKAGED)


def check_needed(plan: Plan, start: Weights | None) -> None:
    """Raise InputError where a start is to be held on to that knows nothing, or one is needed that is not named."""
    if start is not None:
        if plan.hold_start and not known_classes(start, plan.class_names):
            names = ", ".join(plan.class_names)
            what = f"--hold-start {plan.hold_start:g}"
            raise InputError(what, f"has nothing to hold: --start knows none of {names}", "leave it out")
        return
    for needed, how in ((plan.hold_start, "is held to"), (plan.keep_start, "goes back towards")):
        if needed:
            raise InputError("--resume", f"is of a run that {how} what it started from", "name it with --start")


def describe_start(name: str | None, start: Weights, class_names: tuple[str, ...]) -> str:
    """One line: what is started from, and which of the classes it knows. name: as given on the command line."""
    known = known_classes(start, class_names)
    new = [each for each in class_names if each not in known]
    what = "the detector of the package (--start sliding)" if name in (None, PACKAGED) else str(name)
    parts = [f"{what} {', '.join(names)}" for what, names in (("knows", list(known)), ("new to it:", new)) if names]
    return f"starting from {what}: {'; '.join(parts)}"


def for_few(plan: Plan, start: Weights, pictures: int, options: argparse.Namespace) -> Plan:
    """The plan for a start from a trained detector with so many pictures: its trunk stays as it is where they are few.

    What the command line says counts more.
    """
    all_known = len(known_classes(start, plan.class_names)) == len(plan.class_names)
    if pictures > FEW_PICTURES:
        return plan
    if options.trainable_layers is None:
        plan = dataclasses.replace(plan, trainable_layers=0)
    return dataclasses.replace(plan, head_rate=FEW_HEAD_RATE) if all_known and options.head_rate is None else plan
