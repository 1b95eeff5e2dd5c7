"""What plans of training have in common: an end, and learning rates that come and go."""

from __future__ import annotations

import dataclasses
import json
import math
from abc import ABC, abstractmethod
from typing import Any, TypeVar

P = TypeVar("P")

ENDLESS_MINUTES = 100_000.0  # of a run without a known end


class Scheduled(ABC):
    """A plan, a frozen dataclass, of a run that ends after some time, or after some steps.

    minutes: how long to train, or None to do `steps` steps, which repeats exactly. averaging: how much of the running
    average of the weights a step keeps. judgements: how often that is validated.
    """

    minutes: float | None
    steps: int
    weight_decay: float
    averaging: float
    judgements: int

    def to_json(self) -> str:
        """The plan as one line of JSON."""
        fields: Any = self  # a dataclass, each of them
        return json.dumps(dataclasses.asdict(fields))

    @classmethod
    @abstractmethod
    def from_json(cls: type[P], text: str) -> P:
        """The plan written by `to_json`. Raises ValueError for anything else."""

    def progress(self, step: int, seconds: float) -> float:
        """How much of the run is done, from 0 to 1, after so many steps and so much time."""
        done = step / self.steps if self.minutes is None else seconds / (60 * self.minutes)
        return min(1.0, done)


def warm_cosine(progress: float, steps: int, warmup: int) -> float:
    """The share of the highest learning rate: a linear warm-up, then half a cosine down to nothing.

    steps: since the warm-up began.
    """
    return min(1.0, (steps + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * progress))
