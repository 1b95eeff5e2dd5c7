"""Which pictures a training of masks learns from, and which it is judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from detectors.errors import InputError
from training.commands.options import read_list
from training.data.segmentation import Segmentation

SHARE = 0.1


def held_out(dataset: Segmentation, listed: Path | None, seed: int) -> Segmentation:
    """The pictures to judge by: those that are listed, or a tenth. Raises InputError where either part is empty."""
    if listed is not None:
        held = dataset.only(read_list(listed))
    else:
        order = np.random.default_rng(seed).permutation(len(dataset.images))
        count = max(1, round(SHARE * len(order)))
        held = Segmentation(dataset.class_names, tuple(dataset.images[place] for place in order[:count]))
    for part, why in ((held, "names no picture with a mask"), (dataset.without(held), "leaves nothing to learn from")):
        if not part.images:
            raise InputError(listed or "DATA", why, "give two pictures with masks or more")
    return held
