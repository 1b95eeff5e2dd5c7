"""A training run as a person sees it: its progress on the screen, its journal in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.loop.checkpoint import Checkpoint
from training.loop.display import TrainingDisplay
from training.loop.loop import Loop, keep_buffers
from training.loop.report import Figures, Journal


def run_watched(
    trainer: Loop[Any, Any, Any, Any], figures: Figures, files: Path, saved: Checkpoint[Any] | None
) -> None:
    """Train to the end; the running average of the weights is the result.

    files: where the run is written down: with the endings .metrics.csv and .curves.png. saved: a run to go on with.
    """
    if trainer.device.type == "cpu":
        keep_buffers()
    if saved:
        trainer.resume(saved)
    journal = Journal(files.with_suffix(".metrics.csv"), trainer.step, figures)
    best = -1.0
    with TrainingDisplay(figures, lambda: trainer.live_progress, lambda: trainer.activity) as display:
        try:
            for report in trainer.run():
                best = max(best, -1.0 if report.validation is None else report.validation)
                journal.write(report)
                display.show(report, best)
        finally:
            trainer.save()
    journal.draw(files.with_suffix(".curves.png"))
