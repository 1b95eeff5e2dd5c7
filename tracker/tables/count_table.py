"""The file of ``--counts``: a row for each interval, place and class."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.regions.events import Event
from tracker.tables.csv_table import CsvTable, as_text
from tracker.tables.interval_counts import Interval, IntervalCounts
from tracker.tables.intervals import Intervals
from tracker.tables.track_rows import Column, Row
from tracker.writers.errors import write_error
from tracker.writers.exclusive import publish

COUNT_COLUMNS = (
    *(Column(name, str) for name in ("start", "end", "utc_offset")),
    Column("observed", float),
    *(Column(name, str) for name in ("place", "name", "class")),
    *(Column(name, int) for name in ("in", "out")),
    Column("mean", float),
    *(Column(name, int) for name in ("most", "visits")),
    *(Column(name, float) for name in ("dwell_mean", "dwell_max")),
)
PERIOD = 5.0  # seconds between two states of the interval that is not over: what a killed run may lose
OPEN = ".open"  # ending of the file that holds its rows


class CountTable:
    """Writes the rows of each interval once it is over; closed with the context.

    Those of the interval that goes on stand in ``PATH.open``. Where a run was killed, the next one of a live source
    adds them to its file first.
    """

    def __init__(
        self,
        table: CsvTable,
        counts: IntervalCounts,
        intervals: Intervals,
        grow: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table, self._counts, self._intervals, self._clock = table, counts, intervals, clock
        self._grow, self._saved = grow, -1e9
        self._open = table.path.with_name(table.path.name + OPEN)
        self._keeps = not table.path.exists() or table.path.is_file()  # not beside a device or a pipe
        self._events: list[Event] = []
        self._started = False

    def tell(self, events: Sequence[Event]) -> None:
        """Take in what happened up to the frame that is written next."""
        self._events.extend(events)

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Take in the time of a frame. Raises InputError when the file cannot be written."""
        if not self._started:
            self._start()
        over = self._counts.take(frame.time, self._events)
        self._events = []
        if over:
            self._table.write([row for interval in over for row in self._rows(interval)])
            self._counts.forget()
        if over or self._clock() - self._saved >= PERIOD:
            self._save()

    def _start(self) -> None:
        self._started = True
        self._table.write([])
        if not self._keeps:
            return
        try:
            if self._grow and self._open.is_file():
                self._table.write_text(self._open.read_bytes())
            self._open.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(self._open, error) from None

    def _save(self) -> None:
        """Put the rows of what is not over into a file of their own, in one step."""
        self._saved = self._clock()
        if not self._keeps:
            return
        draft = self._open.with_name(f".{self._open.name}.part")
        try:
            draft.write_bytes(as_text(row for interval in self._counts.rest() for row in self._rows(interval)))
            publish(draft, self._open, new=False)
        except OSError as error:
            raise write_error(self._open, error) from None

    def _rows(self, interval: Interval) -> Iterator[Row]:
        shown, offset = self._intervals.shown, self._intervals.offset(interval.start)
        for count in self._counts.counts(interval):
            when = shown(interval.start), shown(interval.end), offset, round(interval.observed, 3)
            yield (*when, *count.place, *count[1:])

    def __enter__(self) -> CountTable:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._started:
                self._counts.tell(self._events)
                self._table.write([row for interval in self._counts.rest() for row in self._rows(interval)])
                if self._keeps:
                    with suppress(OSError):
                        self._open.unlink(missing_ok=True)
        finally:
            self._table.close()
