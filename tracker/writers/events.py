"""Events as JSON lines: one object for each event."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tracker.regions.events import Event
from tracker.writers.errors import write_error
from tracker.writers.exclusive import append, create, write_whole

LAST_LINES = 10_000  # bytes at the end of a log, which hold several events


class EventWriter:
    """A line for each event, flushed at once: ``{"time", "at", "frame", "event", "id", "class", "box", ...}``.

    time_of_day: tells it, with its zone, of a time in a live source, for "at"; None where it is not known.
    append: keep what the file already holds; each line then has its "run", since numbers of tracks begin again. new:
    the file must not exist. The file exists from the first frame on, so that others can follow it. Raises InputError
    when it cannot be written, or belongs to another run.
    """

    def __init__(
        self,
        path: str | Path,
        time_of_day: Callable[[float], datetime] | None = None,
        append: bool = False,
        new: bool = False,
    ) -> None:
        self.path = Path(path)
        self._time_of_day = time_of_day
        self._append, self._new = append, new
        self._run = 1
        self._file: BinaryIO | None = None

    def write(self, events: Iterable[Event]) -> None:
        """Append the events, if there are any."""
        try:
            file = self._file = self._file or self._open()
            for event in events:
                write_whole(file, f"{self._line(event)}\n".encode())
        except OSError as error:
            raise write_error(self.path, error) from None

    def _open(self) -> BinaryIO:
        if not self._append:
            return create(self.path, self._new)
        file = append(self.path)
        self._run = 1 + _last_run(file)
        return file

    def _line(self, event: Event) -> str:
        found = event.as_json()
        first = {"time": found.pop("time")}
        if self._time_of_day is not None:
            first["at"] = self._time_of_day(event.time).isoformat(timespec="milliseconds")
        if self._append:
            first["run"] = self._run
        return json.dumps(first | found, ensure_ascii=False)

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # every line was written already, and `write` has raised any error
                self._file.close()


def _last_run(file: BinaryIO) -> int:
    """The number of the run that added to a log last; 0 if there is none, 1 if it did not say."""
    if not file.seekable():
        return 0
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - LAST_LINES, 0))
    numbers = [_run_of(line) for line in file.read().splitlines()]
    return max(numbers, default=0)


def _run_of(line: bytes) -> int:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # cut at its start, or torn at its end
        return 1
    run = found.get("run", 1) if isinstance(found, dict) else 1
    return run if isinstance(run, int) else 1
