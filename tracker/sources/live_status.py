"""What a live source has beside its frames: a clock, the state of its connection, and counts of skipped frames."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone


@dataclass
class LiveStatus:
    """The state of a live source.

    zero: the moment of time 0 of the frames, on `time.monotonic`. connected: whether pictures come at present.
    reconnects: how often it was opened again. skipped: frames that were dropped because tracking was too slow for them.
    stop: is set when no more frames are wanted.
    """

    zero: float = field(default_factory=time.monotonic)
    connected: bool = True
    reconnects: int = 0
    skipped: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> float:
        """Seconds on the clock of the frames' times: a frame is ``now() - frame.time`` old."""
        return time.monotonic() - self.zero

    def time_of_day(self, seconds: float) -> datetime:
        """The time of day, in UTC, at that time of the frames, by what the computer's clock says now.

        A clock may be set while a run goes on: small computers have no battery for it, and learn the time late.
        """
        return datetime.now(timezone.utc) - timedelta(seconds=self.now() - seconds)
