"""Spans of time that a run is divided into, though nobody knows how long it will be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

STEPS = (1, 5, 15, 60, 300, 900, 3600, 14400, 86400, 5 * 86400, 30 * 86400)  # seconds; each a multiple of that before
MOST = 12  # spans

TimeOfDay = Callable[[float], datetime]


class TimeSpans:
    """Divides the time so far into at most `MOST` equal spans of a round length, which grows with the run.

    A span is known by when it begins, in seconds of the source. time_of_day: of a time of a live source, whose spans
    stand on the clock; None for any other.
    """

    def __init__(self, time_of_day: TimeOfDay | None = None) -> None:
        self._time_of_day = time_of_day
        self._first: float | None = None
        self._offset = 0.0  # from seconds of the source to seconds since midnight
        self.last, self.length = 0.0, STEPS[0]

    def reach(self, time: float) -> bool:
        """Take in the time of a frame; returns whether the spans have become longer."""
        if self._first is None:
            self._first = time
            self._offset = self._midnight_offset(time)
        self.last, before = time, self.length
        for step in STEPS[STEPS.index(self.length) :]:
            self.length = step
            if self.start_of(time) - self.start_of(self._first) < MOST * step:
                break
        return self.length != before

    def start_of(self, time: float) -> float:
        """When the span begins that a time lies in."""
        return (time + self._offset) // self.length * self.length - self._offset

    def name(self, start: float) -> str:
        """The span that begins then, for people."""
        return f"{self.shown(start)} to {self.shown(start + self.length)}"

    @property
    def whole(self) -> str:
        """All of the time so far, for people."""
        return f"{self.shown(self._first or 0.0)} to {self.shown(self.last)}"

    def shown(self, time: float) -> str:
        """A moment: minutes and seconds of a file, or local time."""
        if self._time_of_day is None:
            minutes, seconds = divmod(round(time), 60)
            hours, minutes = divmod(minutes, 60)
            return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        local = self._time_of_day(time + 0.005).astimezone()
        if self.length >= 86400:
            return f"{local:%d %b}"
        return f"{local:%H:%M:%S}" if self.length < 60 else f"{local:%H:%M}"

    def _midnight_offset(self, time: float) -> float:
        if self._time_of_day is None:
            return 0.0
        local = self._time_of_day(time).astimezone()
        return local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6 - time
