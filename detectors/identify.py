"""What kind of model a file holds: its task, its family, and what its classes are called."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from detectors.class_names import coco_names, read_names
from detectors.errors import InputError
from detectors.families import Answer, Family, NotRecognisedError, find_family
from detectors.families.preprocessing import PAD_GREY, Placement, Preprocessing
from detectors.families.recognition import KEYS
from detectors.metadata import class_names
from detectors.model import PictureModel
from detectors.settings import ModelSettings

PROBED = ((128, 256), (640, 640))  # height, width of the grey pictures that models of any size are tried with
TASKS = ("detect", "segment", "pose")
REMEDY = "docs/detectors.md lists the exports that are read"
NO_NAMES = "does not name its classes, so they are numbers; --names FILE names them, --names coco if they are COCO's"


def own_names(metadata: Mapping[str, str], path: str | Path) -> dict[int, str]:
    """The class names in the file, {} for none. Raises InputError for another task, and for names out of this world."""
    if metadata.get("task", "detect") not in TASKS:
        raise InputError(path, f"is a model for the task {metadata['task']!r}, not for detection", REMEDY)
    try:
        return class_names(metadata)
    except ValueError as error:
        raise InputError(path, f"is no model that can be used: {error}", "export it again") from None


def probe(model: PictureModel, path: str | Path) -> Answer:
    """What a model answers to a grey picture: better to learn now than at the first frame what it is.

    Raises InputError when it answers nothing.
    """
    first, second = (model.fixed, None) if model.fixed else PROBED
    try:
        return _tried(model, first)
    except InputError as error:
        if second is not None:
            with suppress(InputError):
                return _tried(model, second)
        raise InputError(path, f"does not answer like a detector: {error.why}", REMEDY) from None


def _tried(model: PictureModel, size: tuple[int, int]) -> Answer:
    return model(np.full((*size, 3), PAD_GREY, np.uint8), Placement(1.0, 1.0, 0, 0), Preprocessing())


def recognise(answer: Answer, settings: ModelSettings, path: str | Path) -> Family:
    """The family of a model that answers so, tried on that answer. Raises InputError."""
    if settings.family and settings.family not in KEYS:
        raise InputError(f"--family {settings.family}", "no such family", f"choose one of: {', '.join(KEYS)}")
    try:
        family = _find(answer, settings)
        family.decode(replace(answer, family=family.key), 0.5)
    except NotRecognisedError as error:
        raise InputError(path, str(error), error.remedy) from None
    except (ValueError, IndexError) as error:
        raise InputError(path, f"does not answer like a detector: {error}", REMEDY) from None
    return family


def _find(answer: Answer, settings: ModelSettings) -> Family:
    """The number of names decides where nothing else does."""
    try:
        return find_family(answer, settings.family or "")
    except NotRecognisedError:
        if answer.classes or settings.names is None:
            raise
        count = len(coco_names(0)) if str(settings.names) == "coco" else len(read_names(settings.names))
        return find_family(replace(answer, classes=count), settings.family or "")


def names_of(
    answer: Answer, family: Family, own: Mapping[int, str], settings: ModelSettings, path: str | Path
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Class names by id, {} where nobody knows them; and what the user should know about that.

    own: the file's. Raises InputError for names of the user's that are not as many as the model's classes.
    """
    count = family.class_count(replace(answer, classes=0, family=family.key))
    if settings.names is None:
        names = dict(own) or (coco_names(count, family.first_class) if count else {})
        return names, () if names else (f"{Path(path).name}: {NO_NAMES}",)
    if str(settings.names) == "coco":
        names, given = coco_names(count, family.first_class), "coco"
        fits = bool(names)
    else:
        first = family.first_class or int(family.key == "ssd" and len(read_names(settings.names)) < count)
        names, given = read_names(settings.names, first), str(settings.names)
        fits = not count or len(names) in (count, count - family.background)
    if not fits:
        have = "80 names" if given == "coco" else f"{len(names)} {'name' if len(names) == 1 else 'names'}"
        remedy = "give one name a line for each class, in the model's order"
        raise InputError(f"--names {given}", f"has {have}, and {Path(path).name} {count} classes", remedy)
    return names, ()
