"""Which crops a batch shows: pairs of one identity, beside others of the same scene, who are hardest to tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Ints
from training.data.identities import Crop, by_identity

MATES = 7  # others of the same scene that are drawn with an identity


class CropSampler:
    """Draws crops; a large source does not drown a small one.

    turn: for each crop, its place among those of its identity.
    """

    def __init__(self, crops: Sequence[Crop]) -> None:
        index = {id(crop): at for at, crop in enumerate(crops)}
        self._scene_of = [crop.scene for crop in crops]
        self._of = {who: [index[id(crop)] for crop in own] for who, own in by_identity(crops).items()}
        self.turn = {at: turn for own in self._of.values() for turn, at in enumerate(own)}
        self._in_scene: dict[int, list[int]] = {}
        self._in_source: dict[int, list[int]] = {}
        for who, own in self._of.items():
            self._in_scene.setdefault(crops[own[0]].scene, []).append(who)
            self._in_source.setdefault(crops[own[0]].source, []).append(who)
        chances = np.sqrt([len(own) for own in self._in_source.values()])
        self._chances = chances / chances.sum()

    def draw(self, count: int, rng: np.random.Generator) -> Ints:
        """Rows of at most `count` crops: two of each of as many identities as fit, scene by scene."""
        people: dict[int, None] = {}
        sources = list(self._in_source.values())
        wanted = min(count // 2, len(self._of))
        while len(people) < wanted:
            own = sources[int(rng.choice(len(sources), p=self._chances))]
            who = own[int(rng.integers(len(own)))]
            mates = self._in_scene[self._scene_of[self._of[who][0]]]
            few = rng.choice(len(mates), min(MATES, len(mates)), replace=False)
            people |= dict.fromkeys([who, *(mates[at] for at in few.tolist())])
        return np.concatenate([self._pair(who, rng) for who in list(people)[:wanted]])

    def _pair(self, who: int, rng: np.random.Generator) -> Ints:
        own = self._of[who]
        return rng.choice(own, 2, replace=len(own) < 2).astype(np.int64)
