"""How long each thread works at each stage, in wall time and in processor time."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

WAIT = "wait for "
"""Prefix of the names of stages in which a thread waits for another one."""


class StageTime(NamedTuple):
    """Seconds that a stage took. wall: that passed. cpu: that the processor worked."""

    wall: float = 0.0
    cpu: float = 0.0

    def plus(self, other: StageTime) -> StageTime:
        """The sum of both."""
        return StageTime(self.wall + other.wall, self.cpu + other.cpu)

    def minus(self, other: StageTime) -> StageTime:
        """The difference of both."""
        return StageTime(self.wall - other.wall, self.cpu - other.cpu)


class StageClock:
    """Adds up the time that threads spend on stages. Each thread has its own entries, so no lock is needed.

    Every moment counts once: the time of a stage inside another one is not added to the outer one.
    """

    def __init__(self) -> None:
        self._spent: dict[tuple[int, str, str], StageTime] = {}
        self._inner = threading.local()  # .spent: what this thread has spent on stages inside the current one

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add the time inside the block to a stage of this thread."""
        outer, self._inner.spent = getattr(self._inner, "spent", StageTime()), StageTime()
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            thread = threading.current_thread()
            key = (threading.get_ident(), thread.name, stage)
            more = StageTime(time.perf_counter() - wall, time.thread_time() - cpu)
            self._spent[key] = self._spent.get(key, StageTime()).plus(more.minus(self._inner.spent))
            self._inner.spent = outer.plus(more)

    def threads(self) -> list[tuple[str, int, dict[str, StageTime]]]:
        """For each name of threads: the name, how many have it, and stage -> time spent by all of them."""
        stages: defaultdict[str, dict[str, StageTime]] = defaultdict(dict)
        idents: defaultdict[str, set[int]] = defaultdict(set)
        for (ident, name, stage), spent in list(self._spent.items()):
            stages[name][stage] = stages[name].get(stage, StageTime()).plus(spent)
            idents[name].add(ident)
        return [(name, len(idents[name]), found) for name, found in stages.items()]

    def by_stage(self) -> defaultdict[str, float]:
        """Stage -> seconds of the wall clock, over all threads; without the waiting."""
        found: defaultdict[str, float] = defaultdict(float)
        for (_, _, stage), spent in list(self._spent.items()):
            if not stage.startswith(WAIT):
                found[stage] += spent.wall
        return found
