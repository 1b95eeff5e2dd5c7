"""How a training run is to go, as data: what a checkpoint carries, and what decides each step."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass

from training.data.augment import Augmentation
from training.loop.schedule import Scheduled, warm_cosine


@dataclass(frozen=True)
class Plan(Scheduled):
    """A training run.

    backbone, class_names: what rebuilds the network. fold: batch normalisation of the trunk is folded (pretrained).
    trainable_layers: parts of the trunk, counted from its end, that are trained; 0 for none. seed: of everything drawn.
    minutes: how long to train, or None to do `steps` steps, which repeats exactly. batch: pictures a step.
    side, long_side: pixels, see `Augmentation`. run_at: pixels, the longer side that frames are scaled to in use; 0 for
    `long_side`. run_up_to: pixels, larger frames are searched at 3/4 of their size, up to this; 0 for none.
    head_rate, trunk_rate: highest learning rates. frozen_share: the share of the run in which the trunk waits for the
    new layers. steady_share: the share before the learning rates begin to fall; 1 for a run without a known end, which
    `annealed` gives one. final_share: the share at the end with larger cut-outs near the scale at which it will run.
    spread, mosaic, zoom: see `Augmentation`; less of both at the end. hold_start: weight of what the start says.
    keep_start: share of the way that the weights go back to the start at the end.
    averaging: how much of the running average of the weights a step keeps. judgements: how often that is validated.
    """

    backbone: str
    class_names: tuple[str, ...]
    fold: bool = True
    trainable_layers: int = 14
    seed: int = 0
    minutes: float | None = None
    steps: int = 3000
    batch: int = 8
    side: int = 320
    long_side: int = 512
    run_at: int = 0
    run_up_to: int = 0
    head_rate: float = 2e-3
    trunk_rate: float = 6e-5
    weight_decay: float = 0.02
    frozen_share: float = 0.04
    steady_share: float = 0.0
    final_share: float = 0.2
    spread: float = 0.45
    mosaic: float = 0.2
    zoom: float = 0.0
    hold_start: float = 0.0
    keep_start: float = 0.0
    averaging: float = 0.9995
    judgements: int = 20

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan written by `to_json`. Raises ValueError for anything else."""
        try:
            fields = json.loads(text)
            if not all(isinstance(name, str) for name in fields["class_names"]):
                raise TypeError("its class names are none")
            return cls(**{**fields, "class_names": tuple(fields["class_names"])})
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"no training plan: {error}") from None

    @property
    def run_side(self) -> int:
        """Pixels: the longer side that frames are scaled to in use."""
        return self.run_at or self.long_side

    def rates(self, progress: float, steps_in_phase: int) -> tuple[float, float]:
        """Learning rates of the new layers and of the trunk: a short warm-up, then half a cosine down to nothing.

        Before that they may stay constant for most of a run, which then need not know its end (Hägele et al., "Scaling
        laws and compute-optimal training beyond fixed training durations", 2024).

        steps_in_phase: steps since the trunk was frozen or released, for the warm-up.
        """
        falling = max(0.0, progress - self.steady_share) / (1 - self.steady_share) if self.steady_share < 1 else 0.0
        share = warm_cosine(falling, steps_in_phase, 200)
        return self.head_rate * share, self.trunk_rate * share if self.is_released(progress) else 0.0

    def is_released(self, progress: float) -> bool:
        """Is the trunk trained at this point?"""
        return self.trainable_layers > 0 and progress >= self.frozen_share

    def is_final(self, progress: float) -> bool:
        """Are these the last steps, at the scale of use?"""
        return progress >= 1 - self.final_share and self.final_share > 0

    def annealed(self, seconds: float, minutes: float) -> Plan:
        """The plan of a run that stands at so many seconds, and ends in so many minutes: from now on the rates fall."""
        steady = seconds / (seconds + 60 * minutes)
        return dataclasses.replace(
            self,
            minutes=seconds / 60 + minutes,
            frozen_share=0.0,
            steady_share=steady,
            final_share=1 - steady,
            judgements=max(1, round(4 / (1 - steady))),
        )

    def augmentation(self, progress: float) -> Augmentation:
        """How pictures are varied at this point."""
        if not self.is_final(progress):
            return Augmentation(
                side=self.side, long_side=self.long_side, spread=self.spread, mosaic=self.mosaic, zoom=self.zoom
            )
        side = min(_up(self.long_side * 7 / 8), _up(self.side * math.sqrt(2)))
        spread, mosaic = self.spread * 2 / 3, self.mosaic / 4
        return Augmentation(
            side=side, long_side=self.long_side, spread=spread, mosaic=mosaic, zoom=self.zoom, colour=0.5
        )

    def batch_size(self, progress: float) -> int:
        """Pictures a step: fewer where they are larger."""
        larger = (self.augmentation(progress).side / self.side) ** 2
        return max(1, round(self.batch / larger))


def _up(side: float) -> int:
    return 32 * math.ceil(side / 32)
