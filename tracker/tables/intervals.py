"""Intervals of a length: from the start of a file, or on the clock of a live source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

TimeOfDay = Callable[[float], datetime]


class Intervals:
    """Where intervals of `length` seconds begin and end.

    time_of_day: of a time of a live source, whose intervals begin at midnight, local time, and go on from there; None
    for any other, whose intervals begin at its start.
    """

    def __init__(self, length: float, time_of_day: TimeOfDay | None = None) -> None:
        self._length, self._time_of_day = length, time_of_day

    def end_of(self, time: float) -> float:
        """When the interval ends that a time lies in, in seconds of the source."""
        if self._time_of_day is None:
            return float((time // self._length + 1) * self._length)
        local = self._local(time)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        since = (local.replace(tzinfo=None) - midnight.replace(tzinfo=None)).total_seconds()
        return time + min((since // self._length + 1) * self._length, 86400.0) - since

    def start_of(self, first: float) -> float:
        """When the interval of the first frame begins: with the source, or where a live one is joined."""
        return first if self._time_of_day is not None else first // self._length * self._length

    def shown(self, time: float) -> Any:
        """A time as it stands in a table: seconds, or local time."""
        if self._time_of_day is None:
            return round(time, 3)
        local = self._local(time) + timedelta(milliseconds=5)  # the clock's own rounding must not show 07:59:59
        return f"{local:%Y-%m-%d %H:%M:%S}"

    def offset(self, time: float) -> str | None:
        """How far local time is ahead of UTC then, "+01:00"; None for files."""
        if self._time_of_day is None:
            return None
        text = f"{self._local(time):%z}"
        return f"{text[:3]}:{text[3:]}"

    def _local(self, time: float) -> datetime:
        assert self._time_of_day is not None
        return self._time_of_day(time).astimezone()
