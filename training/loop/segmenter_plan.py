"""How the training of a segmenter is to go, as data: what a checkpoint carries."""

from __future__ import annotations

import json
from dataclasses import dataclass

from training.data.augment import Augmentation
from training.loop.schedule import Scheduled, warm_cosine


@dataclass(frozen=True)
class SegmenterPlan(Scheduled):
    """A training run in two phases: the new layers alone, then the trunk with them at a lower rate.

    backbone, class_names, finest: what rebuilds the network; see `FCN`. fold: the trunk's batch normalisation is folded
    (pretrained). trainable_layers: parts of the trunk, counted from its end, that are trained; 0 for none. seed: of
    everything drawn. minutes: how long to train, or None to do `steps` steps, which repeats exactly. batch: pictures a
    step. side, long_side, spread: see `Augmentation`. head_rate, trunk_rate: highest learning rates. frozen_share: of
    the run, the first phase. dice: weight of the Dice loss beside cross-entropy. averaging: how much of the running
    average of the weights a step keeps.
    """

    backbone: str
    class_names: tuple[str, ...]
    finest: int = 8
    fold: bool = True
    trainable_layers: int = 1000
    seed: int = 0
    minutes: float | None = None
    steps: int = 1000
    batch: int = 8
    side: int = 288
    long_side: int = 448
    spread: float = 0.4
    head_rate: float = 5e-3
    trunk_rate: float = 5e-5
    weight_decay: float = 0.02
    frozen_share: float = 0.2
    dice: float = 0.5
    averaging: float = 0.995
    judgements: int = 5

    @classmethod
    def from_json(cls, text: str) -> SegmenterPlan:
        """The plan written by `to_json`. Raises ValueError for anything else."""
        try:
            fields = json.loads(text)
            return cls(**{**fields, "class_names": tuple(map(str, fields["class_names"]))})
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"no plan for a segmenter: {error}") from None

    def rates(self, progress: float, steps_in_phase: int) -> tuple[float, float]:
        """Learning rates of the new layers and of the trunk: a short warm-up, then half a cosine down to nothing.

        steps_in_phase: since the trunk was frozen or released, for the warm-up.
        """
        share = warm_cosine(progress, steps_in_phase, 60)
        return self.head_rate * share, self.trunk_rate * share if self.is_released(progress) else 0.0

    def is_released(self, progress: float) -> bool:
        """Is the trunk trained at this point?"""
        return self.trainable_layers > 0 and progress >= self.frozen_share

    def augmentation(self) -> Augmentation:
        """How pictures are varied."""
        return Augmentation(side=self.side, long_side=self.long_side, spread=self.spread)
