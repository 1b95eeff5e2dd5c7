"""A person's Ctrl-C in the middle of a training run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def interrupted_after(step: int, run: Callable[..., Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    """A trainer's `run` that reports each step and ends as Ctrl-C would end it, right after one of them."""

    def interrupted(trainer: Any) -> Iterator[Any]:
        for report in run(trainer, report_every=1):
            yield report
            if report.step == step:
                raise KeyboardInterrupt

    return interrupted
