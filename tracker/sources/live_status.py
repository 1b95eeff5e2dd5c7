"""What a live source has beside its frames: a clock, the state of its connection, and counts of skipped frames."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class LiveStatus:
    """The state of a live source.

    started_at: the time of day at time 0 of the frames, None if unknown. zero: the same moment on `time.monotonic`.
    connected: whether pictures come at present. reconnects: how often it was opened again. skipped: frames that were
    dropped because tracking was too slow for them. stop: is set when no more frames are wanted.
    """

    started_at: datetime | None = None
    zero: float = field(default_factory=time.monotonic)
    connected: bool = True
    reconnects: int = 0
    skipped: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> float:
        """Seconds on the clock of the frames' times: a frame is ``now() - frame.time`` old."""
        return time.monotonic() - self.zero
