"""Which pictures a training learns from, and which it is judged by."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectors.errors import InputError
from training.commands.options import read_list
from training.data.counts import counted
from training.data.dataset import Dataset
from training.data.picture_names import unknown_names
from training.data.segmentation import Segmentation

SHARE = 0.1
FEWEST_TO_JUDGE = 20  # by fewer pictures, which network is better is decided by chance
TOLD = 3  # names that are told of those that are of no picture


def listed_names(listed: Path, pictures: Sequence[Path]) -> list[str]:
    """The names in a list of pictures; those that are of none of them are told.

    Raises InputError where all are, or there are none.
    """
    names = read_list(listed)
    unknown = unknown_names(names, pictures)
    told = ", ".join(unknown[:TOLD]) + (", ..." if len(unknown) > TOLD else "")
    if len(unknown) == len(names):
        example = pictures[0].name if pictures else "0001.jpg"
        raise InputError(listed, f"names no picture of the data: {told}", f"give names such as {example}, a line each")
    if unknown:
        are = "is" if len(unknown) == 1 else "are"
        print(f"warning: {listed}: {len(unknown)} of {len(names)} names {are} of no picture: {told}", file=sys.stderr)
    return names


def held_out(dataset: Segmentation, listed: Path | None, seed: int) -> Segmentation:
    """The pictures to judge by: those that are listed, or a tenth. Raises InputError where either part is empty."""
    if listed is not None:
        held = dataset.only(listed_names(listed, [image.path for image in dataset.images]))
    else:
        order = np.random.default_rng(seed).permutation(len(dataset.images))
        count = max(1, round(SHARE * len(order)))
        held = Segmentation(dataset.class_names, tuple(dataset.images[place] for place in order[:count]))
    for part, why in ((held, "names no picture with a mask"), (dataset.without(held), "leaves nothing to learn from")):
        if not part.images:
            raise InputError(listed or "DATA", why, "give two pictures with masks or more")
    return held


def parts_of(dataset: Dataset, listed: Path | None, seed: int) -> tuple[Dataset, Dataset | None]:
    """Pictures to learn from, and pictures to judge by: those listed, or a tenth; none where a tenth would be too few.

    Raises InputError when one of the two is empty.
    """
    if listed is None:
        labelled = sum(bool(image.labelled.any()) for image in dataset.images)
        if labelled * SHARE >= FEWEST_TO_JUDGE:
            return split(dataset, SHARE, seed)
        are = "is" if labelled == 1 else "are"
        print(
            f"note: {counted(labelled, 'picture')} {are} too few to hold some back; to judge, name a --validation list"
        )
        return dataset, None
    validate = dataset.only(listed_names(listed, [image.path for image in dataset.images]))
    learn = dataset.without(validate)
    for part, why in ((validate, "names no picture with a clear object"), (learn, "leaves no object to learn from")):
        if not any((~image.difficult).any() for image in part.images):
            raise InputError(listed, why, "give names of some pictures of the data set, a line each")
    return learn, validate


def split(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Pictures to learn from, and pictures to judge by: none of these in which nobody looked, and both show an object.

    Raises InputError where one picture at most shows a clear object.
    """
    able = np.array([index for index, image in enumerate(dataset.images) if image.labelled.any()])
    order = np.random.default_rng(seed).permutation(len(able))
    count = min(max(1, round(share * len(order))), len(order) - 1)
    held_out = _showing(dataset, able[order[:count]].tolist(), able[order[count:]].tolist())
    parts = [
        tuple(image for index, image in enumerate(dataset.images) if (index in held_out) == wanted)
        for wanted in (False, True)
    ]
    return Dataset(dataset.class_names, parts[0]), Dataset(dataset.class_names, parts[1])


def _showing(dataset: Dataset, held: list[int], others: list[int]) -> set[int]:
    """Places of pictures to judge by: those in `held`, but for one of them where either part would show no object."""
    shows = [bool((~image.difficult).any()) for image in dataset.images]
    if sum(shows[place] for place in (*held, *others)) < 2:
        raise InputError("DATA", "shows clear objects in one picture at most", "label objects in more pictures")
    if not any(shows[place] for place in held):
        held = [*held[:-1], next(place for place in others if shows[place])]
    elif not any(shows[place] for place in others):
        shown = next(place for place in held if shows[place])
        held = [others[0], *(place for place in held if place != shown)]
    return set(held)
