"""The display of a run in the terminal: a progress bar while it goes on, a summary at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from detectors import WHY_AUTO, Detector
from detectors.base import how_read, search_size
from detectors.tiles import TiledDetector
from tracker.commands.quiet_display import QuietDisplay
from tracker.commands.screen import shown
from tracker.commands.status_log import LiveReport, StatusLog
from tracker.run.advice import what_next, what_to_try
from tracker.run.profile import Profile, ThreadTime
from tracker.run.run import Run

BAR = 8  # characters
BAR_WITH_TIMES = (
    TextColumn("[bold]tracking"),
    BarColumn(bar_width=None),
    MofNCompleteColumn(),
    TextColumn("[cyan]{task.fields[told]}"),
    TextColumn("left"),
    TimeRemainingColumn(compact=True),
)
LIVE = (TextColumn("[bold]live[/]      {task.fields[told]}", table_column=Column(no_wrap=False, overflow="fold")),)
LEAST_WORK = 5e-5  # seconds a frame; stages that take less are not shown
LEAST_WAIT = 0.05  # seconds; shorter waits are not shown


class RunDisplay(QuietDisplay):
    """A few lines at the start, a bar on a terminal, a summary at the end.

    profile: whether the summary shows every thread, and what bounds the speed. piped: standard output is for results,
    so that all this goes to standard error.
    """

    def __init__(self, profile: bool = False, piped: bool = False) -> None:
        self._with_profile = profile
        self._console = Console(highlight=False, stderr=piped)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._report = LiveReport()
        self._log = StatusLog(piped=piped)

    def start(self, run: Run) -> None:
        """Show source, detector and tracker."""
        source, options = run.source, run.options
        size = f"{source.width}x{source.height}, " if source.width else ""
        size += searched(run.stages.detector, source.height, source.width) if source.has_images else ""
        length = f"{run.expected_frames} frames" if run.expected_frames else "length unknown"
        count = "live" if source.live else length
        self._line("source", f"{source.name}: {size}{float(source.frame_rate):.4g} frames a second, {count}")
        self._line("detector", run.stages.detector.name)
        if how := how_read(run.stages.detector):
            self._line("", how)
        if options.detector == "auto" and options.detections is None:
            self._line("", WHY_AUTO)
        embedding = run.stages.tracking.embedding
        look = "motion" if embedding is None else f"motion and appearance ({embedding.embedder.name})"
        self._line("tracker", f"{options.tracker}, by {look}{', in two passes' if options.offline else ''}")
        if run.sinks.viewers.link:
            self._line("view", run.sinks.viewers.link)
        if source.live:
            self._line("", "until Ctrl-C")
            self._report = LiveReport()
            self._log.start(run)
        if self._console.is_terminal:
            columns = LIVE if source.live else BAR_WITH_TIMES
            self._progress = Progress(*columns, console=self._console, expand=True, transient=True)
            self._task = self._progress.add_task("tracking", total=run.expected_frames, told="")
            self._progress.start()

    def advance(self, run: Run) -> None:
        """Advance the bar by a frame; of a live source, tell once a second how it is."""
        if self._progress is None or self._task is None:
            self._log.advance(run)
        elif not run.source.live:
            self._progress.update(self._task, completed=run.state.frames, told=f"{run.measured.fps:.1f} fps")
        elif self._report.age >= 1:
            self._progress.update(self._task, told=shown(self._report.line(run, run.source.live)))

    def stop(self) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()

    def summary(self, run: Run, ended: str = "done") -> None:
        """Show the results, the time they took, the files, and what to try next."""
        report: dict[str, Any] = run.report()
        frames = "frame" if report["frames"] == 1 else "frames"
        speed = f"{report['seconds']:.1f} s, {report['fps']:.1f} frames a second"
        after = f" of {run.expected_frames}" if ended != "done" and run.expected_frames else ""
        title, how = ("done", "") if ended == "done" else ("stopped", f"{ended}: ")
        self._line(title, f"{how}{report['frames']}{after} {frames} in {speed}")
        if run.source.live:
            times = "once" if report["reconnects"] == 1 else f"{report['reconnects']} times"
            self._line("", f"{report['skipped']} skipped to keep up, {times} connected again")
        counts = ", ".join(f"{count} {name}" for name, count in run.class_counts.most_common())
        self._line("tracks", counts or "none")
        if advice := what_to_try(run):
            self._line("", advice)
        self._show_regions(run)
        if self._with_profile:
            self._show_profile(run.profile())
        for option, path in run.sinks.paths.items():
            if option == "--output" and run.sinks.segments:
                self._line("wrote", f"{path.with_suffix('')}.*{path.suffix}  {_files(run.sinks.segments)}")
            elif path.is_file():
                self._line("wrote", f"{path}  {_size(path)}")
        if next_step := what_next(run):
            self._line("try", next_step)

    def _show_regions(self, run: Run) -> None:
        for line, count in run.sinks.activity.line_counts().items():
            self._line("line", f"{line}: {count['in']} in, {count['out']} out")
        for zone, stay in run.sinks.activity.zone_counts().items():
            visits = f"{stay['entries']} {'visit' if stay['entries'] == 1 else 'visits'}"
            dwell = f" of {stay['mean_dwell']:.1f} s on average, {stay['max_dwell']:.1f} s at most"
            self._line("zone", f"{zone}: {visits}{dwell if stay['entries'] else ''}")

    def _show_profile(self, profile: Profile) -> None:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("thread", no_wrap=True)
        table.add_column("at work", no_wrap=True)
        table.add_column("processor", justify="right", no_wrap=True)
        table.add_column("ms a frame")
        table.add_column("waited for", style="dim")
        for thread in profile.threads:
            name = f"{thread.name} x{thread.count}" if thread.count > 1 else thread.name
            cost = _seconds(thread.work.cpu)
            table.add_row(name, _bar(profile.busy(thread)), cost, _stages(thread, profile.frames), _waits(thread))
        per_frame = 1000 / max(profile.frames, 1)
        libraries, together = (f"{per_frame * spent:.1f}" for spent in (profile.libraries, profile.cpu))
        table.add_row("libraries", "", _seconds(profile.libraries), f"[dim]beside ours[/] {libraries}", "")
        table.add_row("together", _bar(profile.used), _seconds(profile.cpu), together, "", style="bold")
        self._console.print("", table, "", sep="\n")
        self._line("opening", f"{profile.opening.wall:.2f} s for the source and the models, before all that")
        self._line("limit", _limit(profile))
        self._line("bound by", profile.bound())

    def _line(self, title: str, text: str) -> None:
        self._console.print(f"[bold]{title:<9}[/] {shown(text)}", soft_wrap=True)


def searched(detector: Detector, height: int, width: int) -> str:
    """The size at which frames are searched, for the line about the source; "" if unknown."""
    size = search_size(detector, height, width) if width else None
    if size is None:
        return ""
    count = detector.count(height, width) if isinstance(detector, TiledDetector) else 1
    return f"searched at {size}{f' and in {count}x{count} tiles' if count > 1 else ''}, "


def _bar(share: float) -> str:
    """A share of 1 as a bar and a number."""
    full = round(share * BAR)
    return f"[cyan]{'━' * full}[/][dim]{'─' * (BAR - full)}[/] {share:>4.0%}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"


def _stages(thread: ThreadTime, frames: int) -> str:
    """The stages of a thread, the most expensive first: milliseconds of processor time a frame."""
    costs = sorted(((spent.cpu / max(frames, 1), name) for name, spent in thread.stages.items()), reverse=True)
    return ", ".join(f"[dim]{name}[/] {1000 * cost:.1f}" for cost, name in costs if cost >= LEAST_WORK)


def _waits(thread: ThreadTime) -> str:
    waits = sorted(((seconds / thread.count, name) for name, seconds in thread.waits.items()), reverse=True)
    return ", ".join(f"{name} {seconds:.1f} s" for seconds, name in waits if seconds >= LEAST_WAIT)


def _limit(profile: Profile) -> str:
    times = profile.seconds / max(profile.least, 1e-9)
    cores = "the core" if profile.cores == 1 else f"all {profile.cores} cores"
    return f"{profile.least:.2f} s with {cores} at work; it took {profile.seconds:.2f} s, {times:.2f} times that"


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
