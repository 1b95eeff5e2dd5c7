"""A map that several threads compute ahead, with its results in the order of the items."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from tracker.threads.bounded_queue import BoundedQueue
from tracker.threads.stage_clock import WAIT, StageClock

T = TypeVar("T")
R = TypeVar("R")

JOIN_TIMEOUT = 2.0  # seconds to wait for threads that are stopped
SPARE = 1  # finished results that may wait, so that no worker pauses while the consumer uses the last one


class _End(NamedTuple):
    """Stands in the place of a result. error: to be raised there, None at the end of the items."""

    error: BaseException | None = None


class OrderedMap(Generic[T, R]):
    """An iterator over ``work(item)`` for each of `items`, computed ahead in `workers` threads.

    One thread at a time takes an item, so `items` needs no lock of its own. An exception, of `work` or of `items`, is
    raised where the result would have come. The threads start with the iteration. `close`, or leaving the context
    manager, stops them; a thread that hangs in `work` is left behind after `JOIN_TIMEOUT` seconds.
    """

    def __init__(
        self,
        items: Iterator[T],
        work: Callable[[T], R],
        workers: int = 1,
        clock: StageClock | None = None,
        name: str = "detecting",
    ) -> None:
        self._items, self._work, self._name = items, work, name
        self._clock = StageClock() if clock is None else clock
        self._results = BoundedQueue[queue.SimpleQueue[R | _End]](workers + SPARE)
        self._taking = threading.Lock()  # only workers take it, and no signal interrupts those
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(workers)]

    def __enter__(self) -> OrderedMap[T, R]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the threads."""
        self._stop.set()
        deadline = time.monotonic() + JOIN_TIMEOUT
        for _ in self._threads:
            self._results.release_slot()  # else a full queue would block them
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def __iter__(self) -> Iterator[R]:
        for thread in self._threads:
            thread.start()
        while True:
            with self._clock.timing(f"{WAIT}{self._name}"):
                result = self._results.get().get()
            if not isinstance(result, _End):
                yield result
            elif result.error is not None:
                raise result.error
            else:
                return

    def _run(self) -> None:
        while not self._stop.is_set():
            slot = queue.SimpleQueue[R | _End]()
            with self._clock.timing(f"{WAIT}room"):
                self._results.acquire_slot()
            with self._clock.timing(f"{WAIT}turn"):
                self._taking.acquire()
            try:
                item = self._take(slot)
            finally:
                self._taking.release()
            if not isinstance(item, _End):
                slot.put(self._result(item))

    def _take(self, slot: queue.SimpleQueue[R | _End]) -> T | _End:
        """The next item, or the end; `slot` is put into the queue of results, to be filled later."""
        if self._stop.is_set():
            return _End()
        self._results.put_at_once(slot)
        try:
            return next(self._items)
        except BaseException as error:  # the consumer raises it
            self._stop.set()
            end = _End(None if isinstance(error, StopIteration) else error)
            slot.put(end)
            return end

    def _result(self, item: T) -> R | _End:
        try:
            return self._work(item)
        except BaseException as error:  # as above
            self._stop.set()
            return _End(error)
