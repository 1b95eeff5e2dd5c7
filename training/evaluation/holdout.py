"""Identities held back from training, and what a network makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detectors.base import Floats, Image
from detectors.errors import InputError
from training.data.identities import Crop, by_identity, spread
from training.data.views import Cut, Variation, jitter, read_cuts, render_crop
from training.evaluation.retrieval import Gallery, Separation, judge
from training.networks.embedding import HEIGHT, WIDTH

SHARE = 0.15
FEWEST = 2  # identities of a source to hold back, and to learn from
CROPS = 8  # of an identity to judge by

Embed = Callable[[Sequence[Image]], Floats]


def hold_out(crops: Sequence[Crop], seed: int, share: float = SHARE) -> tuple[list[Crop], list[Crop]]:
    """Crops to learn from, and crops of other identities to judge by, from each source that has enough of them.

    Raises InputError when none has.
    """
    held: set[int] = set()
    for source in sorted({crop.source for crop in crops}):
        people = sorted({crop.identity for crop in crops if crop.source == source})
        if len(people) >= 2 * FEWEST:
            count = max(FEWEST, round(share * len(people)))
            held |= set(np.random.default_rng((seed, source)).permutation(people)[:count].tolist())
    if not held:
        shown = len({crop.identity for crop in crops})
        raise InputError("DATA", f"shows {shown} identities, too few to hold some back", f"give {2 * FEWEST} or more")
    return [c for c in crops if c.identity not in held], [c for c in crops if c.identity in held]


class HeldOut:
    """Crops to judge networks by; of an identity known by one crop only, two views of it.

    how: the two views differ as detections do.
    """

    def __init__(self, crops: Sequence[Crop], how: Variation, seed: int = 0) -> None:
        chosen = [crop for own in by_identity(crops).values() for crop in spread(own, CROPS)]
        rng = np.random.default_rng(seed)
        self._entries: list[tuple[Crop, Cut, Floats, float]] = []
        counts = {identity: len(own) for identity, own in by_identity(chosen).items()}
        for crop, cut in zip(chosen, read_cuts(chosen), strict=True):
            if counts[crop.identity] > 1:
                self._entries.append((crop, cut, cut.box, crop.seconds))
            else:
                self._entries += [(crop, cut, jitter(cut.box, how, rng), float(view)) for view in range(2)]

    def judge(self, embed: Embed, height: int = HEIGHT, width: int = WIDTH) -> dict[int, Separation]:
        """How well unit vectors ``(N, D)`` of pictures ``(height, width, 3)`` tell the identities of a source apart."""
        vectors = embed([render_crop(cut, box, height, width) for _, cut, box, _ in self._entries])
        crops = [crop for crop, _, _, _ in self._entries]
        sources = np.array([crop.source for crop in crops])
        gallery = Gallery(
            np.asarray(vectors, dtype=np.float64),
            np.array([crop.identity for crop in crops]),
            np.array([crop.scene for crop in crops]),
            sources,
            np.array([seconds for *_, seconds in self._entries]),
        )
        return {int(source): judge(gallery.only(sources == source)) for source in np.unique(sources)}
