"""Events as JSON lines: one object for each event."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tracker.regions.events import Event
from tracker.writers.errors import write_error


class EventWriter:
    """A line for each event, flushed at once: ``{"time", "at", "frame", "event", "id", "class", "box", ...}``.

    started_at: the time of day, with its zone, at time 0 of a live source; "at" is written only where it is known.
    append: keep what the file already holds. The file exists from the first frame on, so that others can follow it.
    Raises InputError when it cannot be written.
    """

    def __init__(self, path: str | Path, started_at: datetime | None = None, append: bool = False) -> None:
        self.path = Path(path)
        self._started_at = started_at
        self._append = append
        self._file: TextIO | None = None

    def write(self, events: Iterable[Event]) -> None:
        """Append the events, if there are any."""
        try:
            file = self._file = self._file or self._open()
            for event in events:
                file.write(f"{self._line(event)}\n")
                file.flush()
        except OSError as error:
            raise write_error(self.path, error) from None

    def _open(self) -> TextIO:
        return open(self.path, "a" if self._append else "w", encoding="utf-8", newline="\n")

    def _line(self, event: Event) -> str:
        found = event.as_json()
        if self._started_at is not None:
            at = self._started_at + timedelta(seconds=event.time)
            found = {"time": found.pop("time"), "at": at.isoformat(timespec="milliseconds")} | found
        return json.dumps(found, ensure_ascii=False)

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # every line was flushed already, and `write` has raised any error
                self._file.close()
