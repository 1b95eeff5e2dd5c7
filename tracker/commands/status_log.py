"""A status line a minute about a live source, for the log of a service."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from detectors.errors import printable
from tracker.commands.quiet_display import QuietDisplay
from tracker.run.run import Run
from tracker.sources.live_status import LiveStatus

PERIOD = 60.0  # seconds


class LiveReport:
    """What a live run does, in one line: from one call to the next.

    Frames a second and frames skipped since the last line, how old the newest frame was when it was done, the objects
    present and so far, and the counts of lines and zones.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._since = clock, clock()
        self._frames = self._skipped = 0

    @property
    def age(self) -> float:
        """Seconds since the last line, or the start."""
        return self._clock() - self._since

    def line(self, run: Run, live: LiveStatus) -> str:
        """The line; the next one counts from here."""
        rate = (run.state.frames - self._frames) / max(self.age, 1e-9)
        parts = [f"{rate:.1f} frames a second, {live.skipped - self._skipped} skipped, {_state(run, live)}"]
        self._since, self._frames, self._skipped = self._clock(), run.state.frames, live.skipped
        here = run.state.present
        parts.append(f"{sum(here.values())} here{_named(here)}, {sum(run.class_counts.values())} so far")
        parts.extend(
            f"{name} in {line['in']} out {line['out']}" for name, line in run.sinks.activity.line_counts().items()
        )
        parts.extend(f"{zone['inside']} in {name}" for name, zone in run.sinks.activity.zone_counts().items())
        return printable("; ".join(parts))


class StatusLog(QuietDisplay):
    """Prints a `LiveReport` with the local time every `period` seconds and at the end; nothing for a file.

    piped: standard output is for results, so that the lines go to standard error. name: of the source, where there are
    several.
    """

    def __init__(
        self, period: float = PERIOD, clock: Callable[[], float] = time.monotonic, piped: bool = False, name: str = ""
    ) -> None:
        self._period, self._clock, self._piped = period, clock, piped
        self._name = f"{name}: " if name else ""
        self._report = LiveReport(clock)

    def start(self, run: Run) -> None:
        """The first period begins."""
        self._report = LiveReport(self._clock)

    def advance(self, run: Run) -> None:
        """Another frame is done, or none has come for a moment."""
        if run.source.live and self._report.age >= self._period:
            self._print(self._report.line(run, run.source.live))

    def summary(self, run: Run, ended: str = "done") -> None:
        """The rest, at the end."""
        if run.source.live:
            self._print(self._report.line(run, run.source.live))

    def _print(self, line: str) -> None:
        stream = sys.stderr if self._piped else sys.stdout
        print(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {self._name}{line}", file=stream, flush=True)


def _state(run: Run, live: LiveStatus) -> str:
    return f"{1000 * run.state.latency:.0f} ms behind" if live.connected else "no picture"


def _named(counts: Counter[str]) -> str:
    names = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    return f" ({names})" if names else ""
