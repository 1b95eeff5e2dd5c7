"""The display of a batch in the terminal: progress bars, a line for each finished video, a summary."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from detectors.errors import printable
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.events import JobProgress as Step
from tracker.batch.manifest import VideoStatus
from tracker.commands.screen import shown

if TYPE_CHECKING:
    from tracker.review.report import ToLookAt

LONG = 600.0  # seconds of a batch, from which on a rate says how long the next one takes
NAME = 32  # characters of a video's name at most


class BatchDisplay:
    """A bar for the batch and one for each video in work; a line for each video that is finished.

    quiet: only what failed, at the end.
    """

    def __init__(self, total: int, quiet: bool) -> None:
        self._console = Console(highlight=False)
        self._errors = Console(highlight=False, stderr=True)
        self._quiet, self._total, self._over = quiet, total, 0
        self._tally = Counter[str]()  # of the videos that this run has done
        self._bars: Progress | None = None
        self._tasks: dict[tuple[str, int | None], TaskID] = {}
        self._failed: set[str] = set()
        if self._console.is_terminal and not quiet:
            columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn())
            self._bars = Progress(
                *columns, TextColumn("left"), TimeRemainingColumn(compact=True), console=self._console, transient=True
            )
            self._all = self._bars.add_task("[bold]videos", total=total)
            self._bars.start()

    def update(self, event: Event) -> None:
        """Show an event of the batch."""
        if isinstance(event, JobFinished) and event.job.source not in self._failed:
            self._tell(event)
        if self._bars is not None:
            self._move(self._bars, event)

    def _tell(self, event: JobFinished) -> None:
        """Show that a video or a piece is finished. A piece that fails ends its video."""
        failed = event.outcome.state == "failed"
        if failed:
            self._failed.add(event.job.source)
        if event.job.piece is None and not failed:
            self._tally.update(track=event.outcome.tracks, box=event.outcome.boxes)
        if event.job.piece is None or failed:
            self._over += 1
            if self._bars is not None:
                self._bars.advance(self._all)
        self._say(event)

    def _move(self, bars: Progress, event: Event) -> None:
        at = event.job.source, event.job.piece
        if isinstance(event, JobStarted) and at not in self._tasks:
            self._tasks[at] = bars.add_task(shown(_short(event.job.title)), total=None)
        elif isinstance(event, Step):
            doing = f"{shown(_short(event.job.title))} [dim]{event.doing}[/]"
            bars.update(self._tasks[at], completed=event.done, total=event.total, description=doing)
        elif isinstance(event, JobFinished):
            bars.remove_task(self._tasks.pop(at))

    def _say(self, event: JobFinished) -> None:
        outcome, name = event.outcome, shown(event.job.name)
        if self._quiet:
            return
        if outcome.state == "failed":
            said = f"[red]failed[/]  {name}: {shown(outcome.reason)}"
        elif event.job.piece is not None:
            said = f"[dim]looked at {shown(event.job.title)}[/]"
        else:
            rate = outcome.frames / max(outcome.seconds, 1e-9)
            tracks = _many(outcome.tracks, "track")
            said = f"[green]done[/]    {name}: {tracks} in {outcome.frames} frames, {rate:.0f} a second"
        self._console.print(f"[dim]{self._over}/{self._total}[/] {said}", soft_wrap=True)
        for warning in outcome.warnings:
            self._errors.print(f"warning: {shown(warning)}", soft_wrap=True)

    def stop(self) -> None:
        """Remove the bars."""
        if self._bars is not None:
            self._bars.stop()

    def summary(
        self, statuses: list[VideoStatus], skipped: int, seconds: float, report: Path, to_look_at: ToLookAt
    ) -> None:
        """Show the counts, what there is to do by hand, and a table of the videos that failed."""
        states = Counter(entry.state for entry in statuses)
        if not self._quiet:
            fresh = states["done"] - skipped
            before = f", {skipped} done before" if skipped else ""
            rate = f", {3600 * fresh / seconds:.0f} videos an hour" if fresh and seconds >= LONG else ""
            failed = f", {states['failed']} failed" if states["failed"] else ""
            self._console.print(f"[bold]done[/]     {fresh} of {len(statuses)} videos{before}{failed}{rate}")
            if fresh:
                found = f"{_many(self._tally['track'], 'track')}, {_many(self._tally['box'], 'box')} to correct"
                self._console.print(f"[bold]found[/]    {found}")
            self._console.print(f"[bold]wrote[/]    {shown(report)}{_hints(to_look_at)}", soft_wrap=True)
        if states["failed"]:
            self._errors.print(_failures(statuses))


def _hints(to_look_at: ToLookAt) -> str:
    """What the report shows that a person should look at."""
    tracks = f"{_many(to_look_at.tracks, 'track')} to look at" if to_look_at.tracks else ""
    missed = f"objects may be missed in {_many(to_look_at.videos, 'video')}" if to_look_at.videos else ""
    told = "; ".join(filter(None, (tracks, missed)))
    return f": {told}" if told else ""


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 'es' if what.endswith('x') else 's'}"


def _failures(statuses: list[VideoStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="")
    table.add_column("failed", overflow="fold")
    table.add_column("why", overflow="fold")
    for entry in statuses:
        if entry.state == "failed":
            table.add_row(Text(printable(_near(entry.source))), Text(printable(entry.reason)))
    return table


def _near(source: str) -> str:
    """A path relative to the current folder, if it lies in it; an address as it is recorded, without its secrets."""
    here = os.path.join(os.getcwd(), "")
    return source.removeprefix(here)


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME // 2 - 1]}…{name[-NAME // 2 :]}"
