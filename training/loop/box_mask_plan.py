"""How the training of a box-to-mask network is to go, as data: what a checkpoint carries."""

from __future__ import annotations

import json
from dataclasses import dataclass

from training.loop.schedule import Scheduled, warm_cosine


@dataclass(frozen=True)
class BoxMaskPlan(Scheduled):
    """A training run.

    seed: of everything drawn. minutes: how long to train, or None to do `steps` steps, which repeats exactly. batch:
    crops a step. head_rate, trunk_rate: highest learning rates. dice: weight of the Dice loss beside cross-entropy.
    averaging: how much of the running average of the weights a step keeps.
    """

    seed: int = 0
    minutes: float | None = None
    steps: int = 2000
    batch: int = 32
    head_rate: float = 1e-3
    trunk_rate: float = 6e-5
    weight_decay: float = 0.02
    dice: float = 0.5
    averaging: float = 0.998
    judgements: int = 10

    @classmethod
    def from_json(cls, text: str) -> BoxMaskPlan:
        """The plan written by `to_json`. Raises ValueError for anything else."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"no plan for masks of boxes: {error}") from None

    def rates(self, progress: float, step: int) -> tuple[float, float]:
        """Learning rates of the decoder and of the trunk: a short warm-up, then half a cosine down to nothing."""
        share = warm_cosine(progress, step, 100)
        return self.head_rate * share, self.trunk_rate * share
