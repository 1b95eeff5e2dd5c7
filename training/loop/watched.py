"""A training run as a person sees it: its progress on the screen, its journal in files, what it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.loop.checkpoint import Checkpoint
from training.loop.display import TrainingDisplay
from training.loop.loop import Loop, keep_buffers
from training.loop.report import Figures, Journal
from training.loop.schedule import ENDLESS_MINUTES, Scheduled

FEW_STEPS = 200  # after fewer, little can be said about what more of them would teach

AnyLoop = Loop[Any, Any, Any, Any]


def run_watched(
    trainer: AnyLoop,
    figures: Figures,
    files: Path,
    saved: Checkpoint[Any] | None,
    activity: Callable[[], str] | None = None,
) -> None:
    """Train to the end; the running average of the weights is the result.

    files: where the run is written down: with the endings .metrics.csv and .curves.png. saved: a run to go on with.
    activity: what is done at this moment beside the steps, if not what the trainer says.
    """
    if trainer.device.type == "cpu":
        keep_buffers()
    if saved:
        trainer.resume(saved)
    journal = Journal(files.with_suffix(".metrics.csv"), trainer.step, figures)
    if not saved and trainer.best_score >= 0:
        journal.write_start(trainer.best_score)
    if told := announced(trainer.plan, trainer.validate is not None, trainer.seconds):
        print(told)
    began, before = time.monotonic(), trainer.seconds
    with TrainingDisplay(figures, lambda: trainer.live_progress, activity or (lambda: trainer.activity)) as display:
        try:
            for report in trainer.run():
                journal.write(report)
                display.show(report, trainer.best_score)
        finally:
            trainer.save()
    journal.draw(files.with_suffix(".curves.png"))
    print(
        what_it_took(trainer.plan, trainer.step, trainer.seconds, time.monotonic() - began - trainer.seconds + before)
    )


def announced(plan: Scheduled, judges: bool, seconds: float = 0.0) -> str:
    """What a run takes from here on, and what beside that; "" for one that goes by steps, or has no end, or has ended.

    seconds: of training that a run has behind it that goes on.
    """
    if plan.minutes is None or plan.minutes >= ENDLESS_MINUTES or (done := plan.progress(0, seconds)) >= 1:
        return ""
    count = plan.judgements - int(done * plan.judgements)
    times = f"judging {count} times" if count > 1 else "judging"
    more = f"reading, {times} and writing" if judges else "reading and writing"
    length = f"{round(plan.minutes - seconds / 60, 2):g} {'more ' if seconds else ''}minutes"
    return f"training for {length}; {more} come on top"


def what_it_took(plan: Scheduled, steps: int, seconds: float, others: float) -> str:
    """One line about a run, and a note where it was too short.

    steps, seconds: of the whole run. others: seconds that were not spent on steps.
    """
    beside = f", and {_length(others)} for reading and judging" if others >= 1 else ""
    told = f"trained for {steps:,} {'step' if steps == 1 else 'steps'} in {_length(seconds)}{beside}"
    if plan.minutes is None or steps >= FEW_STEPS:
        return told
    remedy = f"give more --minutes, such as {_enough(plan.minutes, steps):g}, or a smaller --batch"
    return f"{told}\nnote: fewer than {FEW_STEPS} steps were possible, which teach little: {remedy}"


def _enough(minutes: float, steps: int) -> float:
    """Whole minutes in which twice the least number of steps is possible."""
    return float(-(-2 * minutes * FEW_STEPS // max(steps, 1)))


def _length(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.0f} s"
