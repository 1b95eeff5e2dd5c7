"""How the training of an appearance network is to go, as data: what a checkpoint carries."""

from __future__ import annotations

import json
from dataclasses import dataclass

from training.loop.schedule import Scheduled, warm_cosine


@dataclass(frozen=True)
class EmbeddingPlan(Scheduled):
    """A training run.

    backbone: of which trunk. seed: of everything drawn. minutes: how long to train, or None to do `steps` steps, which
    repeats exactly. batch: crops a step, two of each identity. views: of each crop that the teacher looks at.
    head_rate, trunk_rate: highest learning rates. margin: of the triplet loss. triplet, distill: weights of the losses;
    the second is for a teacher. averaging: how much of the running average of the weights a step keeps.
    """

    backbone: str = "mobilenet_v2"
    seed: int = 0
    minutes: float | None = None
    steps: int = 2000
    batch: int = 64
    views: int = 8
    head_rate: float = 3e-3
    trunk_rate: float = 5e-4
    weight_decay: float = 0.02
    margin: float = 0.3
    triplet: float = 1.0
    distill: float = 2.0
    averaging: float = 0.998
    judgements: int = 10

    @classmethod
    def from_json(cls, text: str) -> EmbeddingPlan:
        """The plan written by `to_json`. Raises ValueError for anything else."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"no plan for an appearance network: {error}") from None

    def rates(self, progress: float, step: int) -> tuple[float, float]:
        """Learning rates of the head and of the trunk: a short warm-up, then half a cosine down to nothing."""
        share = warm_cosine(progress, step, 100)
        return self.head_rate * share, self.trunk_rate * share
