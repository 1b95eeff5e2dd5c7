"""What a person sees while a training runs: a bar that moves with time, or a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from training.loop.report import DETECTION, AnyReport, Figures

LINE_SECONDS = 30.0  # between lines, where there is no terminal


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Show that something is going on whose length is not known; on anything but a terminal, a line."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(name):
            yield
    else:
        print(name, file=sys.stderr, flush=True)
        yield


class _LiveProgress(Progress):
    """A progress bar that asks for its state whenever it is drawn, ten times a second."""

    ask: Callable[[], None] = staticmethod(lambda: None)

    def get_renderables(self) -> Iterator[RenderableType]:
        """The lines of the bar."""
        self.ask()
        yield from super().get_renderables()


class TrainingDisplay:
    """A progress bar with the losses and the best judgement so far; on anything but a terminal, a line now and then.

    progress: how much is done, from 0 to 1, at any moment. activity: what is done at this moment beside the steps, or
    "". Both are asked from another thread; without them the bar follows the reports.
    """

    def __init__(
        self,
        figures: Figures = DETECTION,
        progress: Callable[[], float] | None = None,
        activity: Callable[[], str] | None = None,
    ) -> None:
        self._score = figures.score
        self._progress, self._activity = progress, activity
        self._bar = _LiveProgress(
            TextColumn("training"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
        )
        self._figures = ""
        self._task = self._bar.add_task("", total=1.0, figures="")
        self._bar.ask = self._update
        self._last_line = time.monotonic()

    def __enter__(self) -> TrainingDisplay:
        if self._bar.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar.console.is_terminal:
            self._bar.stop()

    def show(self, report: AnyReport, best: float) -> None:
        """What a report says. best: judgement so far, below 0 for none."""
        _, _, _, first, second, _ = report
        self._figures = f"step {report.step}  loss {first:.2f} + {second:.2f}"
        if best >= 0:
            self._figures += f"  best {self._score} {best:.3f}"
        self._bar.update(self._task, completed=report.progress)
        if not self._bar.console.is_terminal and self._line_is_due(report):
            judged = "" if report.validation is None else f"  {self._score} now {report.validation:.3f}"
            print(f"{report.progress:4.0%}  {self._figures}{judged}", file=sys.stderr, flush=True)
            self._last_line = time.monotonic()

    def _line_is_due(self, report: AnyReport) -> bool:
        return report.validation is not None or time.monotonic() - self._last_line > LINE_SECONDS

    def _update(self) -> None:
        """Bring the bar up to the moment."""
        if self._progress is not None:
            self._bar.update(self._task, completed=self._progress())
        activity = self._activity() if self._activity is not None else ""
        self._bar.update(self._task, figures="  ".join(filter(None, (self._figures, activity))))
