"""``keeptrack --sources FILE``: all that a file names, in one process."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from detectors.errors import InputError, printable
from tracker.commands.screen import warn
from tracker.commands.status_log import StatusLog
from tracker.commands.warning_printer import printed_warnings
from tracker.multi_source.fleet import Fleet
from tracker.multi_source.sources_file import SourcesFile, read_sources
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.run.viewers import Viewers, listen_for_viewers
from tracker.view.wall import Wall

SWITCH_INTERVAL = 0.0005  # seconds; with Python's own 0.005, threads that are done computing wait for it too long


def track_all(arguments: dict[str, Any]) -> int:
    """Track all sources until they are over; returns the exit status. Raises InputError, also if one has failed.

    arguments: of the command line, for all sources that do not say otherwise.
    """
    path, quiet = Path(arguments.pop("sources")), arguments.pop("quiet")
    for option in ("profile", "show", "source_name"):
        if arguments.pop(option, False):
            raise InputError(f"--{option.replace('_', '-')}", "is for one source", "leave it out")
    found = read_sources(path, arguments)
    wall = Wall([each.name for each in found.sources])
    with printed_warnings(), ExitStack() as opening:
        opening.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_INTERVAL)
        link = _serve(found, wall, opening)
        log = SourcesLog(wall, quiet)
        fleet = Fleet(found.sources, _viewers_on(wall if link else None), log)
        log.begin(len(found.sources), link)
        with fleet:
            fleet.wait()
    if fleet.failed:
        why = f"{len(fleet.failed)} of {len(found.sources)} sources failed: {', '.join(fleet.failed)}"
        raise InputError(path, why, "the warnings above say why")
    return 0


def _serve(found: SourcesFile, wall: Wall, opening: ExitStack) -> str:
    """Serve the page, if it is asked for; returns its link, or "". Raises InputError."""
    if found.view is None:
        if found.view_token is not None:
            raise InputError("--view-token", "is for the page of --view", "add --view, or leave it out")
        return ""
    listening, token, link = listen_for_viewers(found.view, found.view_token, opening)
    from tracker.view.server import Server, whole_wall

    opening.enter_context(Server(listening, wall, token, whole_wall))
    return link


def _viewers_on(wall: Wall | None) -> Any:
    """What makes the viewers of a source's run. wall: None where there is no page."""

    def make(name: str, options: Options) -> Viewers:
        if wall is None:
            return Viewers(options)
        from tracker.multi_source.tile import TileViewers

        return TileViewers(options, wall, name)

    return make


class SourcesLog:
    """Prints what becomes of the sources: a line where one begins, ends or fails, and a line a minute of live ones."""

    def __init__(self, wall: Wall, quiet: bool) -> None:
        self._wall, self._quiet = wall, quiet
        self._logs: dict[str, StatusLog] = {}
        self._failing: dict[str, str] = {}  # name -> why, of those that are tried again

    def begin(self, count: int, link: str) -> None:
        """All are about to begin. link: of the page, "" for none."""
        if not self._quiet:
            print(f"{count} sources" + (f", shown at {link}" if link else ""), flush=True)

    def started(self, name: str, run: Run) -> None:
        """A source is open."""
        if self._failing.pop(name, None) is not None:
            warn(f"{name}: back")
        log = self._logs[name] = StatusLog(name=name)
        log.start(run)
        size = f"{run.source.width}x{run.source.height}, " if run.source.width else ""
        length = "live" if run.source.live else f"{run.expected_frames or 'an unknown number of'} frames"
        self._print(f"{name}: {size}{float(run.source.frame_rate):.4g} frames a second, {length}")

    def advanced(self, name: str, run: Run) -> None:
        """Another frame of it is done."""
        self._logs[name].advance(run)

    def ended(self, name: str, run: Run, how: str) -> None:
        """It is over."""
        self._logs[name].summary(run, how)
        for warning in run.state.warnings:
            warn(f"{name}: {warning}")
        if run.has_results:
            counts = ", ".join(f"{count} {kind}" for kind, count in run.class_counts.most_common())
            files = ", ".join(str(path) for path in run.sinks.paths.values())
            frames = f"{run.state.frames} frames, {run.measured.fps:.1f} a second"
            self._print(f"{name}: {how}: {frames}; {counts or 'no tracks'}{f'; wrote {files}' if files else ''}")

    def failed(self, name: str, error: InputError, again: bool) -> None:
        """It has failed."""
        self._wall.tell_trouble(name, error.why)
        if not again:
            warn(f"{name}: {error}")
        elif self._failing.get(name) != error.why:  # not with each attempt: an outage must not fill the log
            self._failing[name] = error.why
            warn(f"{name}: {error.what}: {error.why}, trying again")

    def _print(self, text: str) -> None:
        if not self._quiet:
            print(printable(text), flush=True)
