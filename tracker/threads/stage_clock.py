"""How long each thread works at each stage, by the wall clock and by the processor's."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

WAIT = "wait for "
"""Begins the names of stages in which a thread waits for another one."""


class Spent(NamedTuple):
    """Seconds that passed, and seconds that the processor worked for them."""

    wall: float = 0.0
    cpu: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """The sum of both."""
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def minus(self, other: Spent) -> Spent:
        """The difference of both."""
        return Spent(self.wall - other.wall, self.cpu - other.cpu)


class Clock:
    """Adds up what threads spend on stages. Every thread writes to entries of its own, so that none needs a lock.

    A stage inside another one is not a part of that: every moment counts once.
    """

    def __init__(self) -> None:
        self._spent: dict[tuple[int, str, str], Spent] = {}
        self._inner = threading.local()  # .spent: what this thread has spent on stages inside the current one

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add the time inside the block to a stage of this thread."""
        outer, self._inner.spent = getattr(self._inner, "spent", Spent()), Spent()
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            thread = threading.current_thread()
            key = (threading.get_ident(), thread.name, stage)
            more = Spent(time.perf_counter() - wall, time.thread_time() - cpu)
            self._spent[key] = self._spent.get(key, Spent()).plus(more.minus(self._inner.spent))
            self._inner.spent = outer.plus(more)

    def threads(self) -> list[tuple[str, int, dict[str, Spent]]]:
        """For each name of threads: the name, how many have it, and stage -> time spent by all of them."""
        stages: defaultdict[str, dict[str, Spent]] = defaultdict(dict)
        idents: defaultdict[str, set[int]] = defaultdict(set)
        for (ident, name, stage), spent in list(self._spent.items()):
            stages[name][stage] = stages[name].get(stage, Spent()).plus(spent)
            idents[name].add(ident)
        return [(name, len(idents[name]), found) for name, found in stages.items()]

    def by_stage(self) -> defaultdict[str, float]:
        """Stage -> seconds of the wall clock, over all threads; without the waiting."""
        found: defaultdict[str, float] = defaultdict(float)
        for (_, _, stage), spent in list(self._spent.items()):
            if not stage.startswith(WAIT):
                found[stage] += spent.wall
        return found
