"""What a run has done so far, and the time that it took."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple

from detectors.cores import available_cores
from tracker.run.profile import Profile, profile_of
from tracker.threads.stage_clock import StageClock


class Instant(NamedTuple):
    """A moment, in seconds on three clocks: the wall's, the process's and the current thread's processor time."""

    wall: float
    process: float
    thread: float

    @classmethod
    def now(cls) -> Instant:
        """This moment."""
        return cls(time.perf_counter(), time.process_time(), time.thread_time())


@dataclass
class Measurements:
    """Counts and times of a run. first_frame: when the first one had been through all stages, on the wall's clock."""

    frames: int = 0
    detector_calls: int = 0
    embeddings: int = 0
    clock: StageClock = field(default_factory=StageClock)
    started: Instant = field(default_factory=Instant.now)
    ended: Instant | None = None
    first_frame: float | None = None

    def timing(self, stage: str) -> AbstractContextManager[None]:
        """Add the time inside the block to a stage."""
        return self.clock.timing(stage)

    @property
    def stages(self) -> defaultdict[str, float]:
        """Seconds that each stage was at work, in all threads together."""
        return self.clock.by_stage()

    @property
    def fps(self) -> float:
        """Frames a second so far, all stages and the opening included."""
        return self.frames / max(time.perf_counter() - self.started.wall, 1e-9)

    @property
    def first_frame_seconds(self) -> float | None:
        """Seconds until the first frame was done, the opening included; None if there was none."""
        return None if self.first_frame is None else round(self.first_frame - self.started.wall, 4)

    def note_first_frame(self) -> None:
        """A frame has been through all stages."""
        self.first_frame = self.first_frame or time.perf_counter()

    def finish(self) -> None:
        """The run is over, its files are closed."""
        self.ended = Instant.now()

    def profile(self) -> Profile:
        """Where the time went, up to the end or, before that, up to the start. To be asked for in the main thread."""
        ended = self.ended or self.started
        wall, cpu, main = (end - start for start, end in zip(self.started, ended, strict=True))
        thread = threading.current_thread().name, main
        return profile_of(self.clock, self.frames, wall, cpu, available_cores(), thread)
