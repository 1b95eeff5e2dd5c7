"""Several threads that work on the next items while the current one is looked at; results in the items' order."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from tracker.threads.bounded_queue import Handover
from tracker.threads.stage_clock import WAIT, Clock

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 2.0  # seconds to wait for threads that are stopped
SPARE = 1  # results that may wait, so that a worker goes on while the last result is looked at


class _End(NamedTuple):
    """Comes instead of a result. error: raised there; None where the items are simply over."""

    error: BaseException | None = None


class InOrder(Generic[T, R]):
    """An iterator over ``work(item)`` for each of `items`, computed ahead in `workers` threads.

    An item is taken when the one before has been, so `items` needs no lock of its own. An exception, of `work` or of
    `items`, is raised where the result would have come. The threads start with the iteration. `close`, or leaving it
    as a context manager, stops them; what hangs in `work` is left behind after a while.
    """

    def __init__(
        self,
        items: Iterator[T],
        work: Callable[[T], R],
        workers: int = 1,
        clock: Clock | None = None,
        name: str = "detecting",
    ) -> None:
        self._items, self._work, self._name = items, work, name
        self._clock = Clock() if clock is None else clock
        self._results = Handover[queue.SimpleQueue[R | _End]](workers + SPARE)
        self._taking = threading.Lock()  # of the workers alone, which no signal interrupts
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(workers)]

    def __enter__(self) -> InOrder[T, R]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the threads."""
        self._stop.set()
        deadline = time.monotonic() + PATIENCE
        for _ in self._threads:
            self._results.make_room()  # a full queue holds them up
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
            place = queue.SimpleQueue[R | _End]()
            with self._clock.timing(f"{WAIT}room"):
                self._results.reserve()
            with self._clock.timing(f"{WAIT}turn"):
                self._taking.acquire()
            try:
                item = self._take(place)
            finally:
                self._taking.release()
            if not isinstance(item, _End):
                place.put(self._result(item))

    def _take(self, place: queue.SimpleQueue[R | _End]) -> T | _End:
        """The next item, with `place` in the row for what comes of it; the end where there is none."""
        if self._stop.is_set():
            return _End()
        self._results.put_at_once(place)
        try:
            return next(self._items)
        except BaseException as error:  # it belongs to whoever waits for the result
            self._stop.set()
            end = _End(None if isinstance(error, StopIteration) else error)
            place.put(end)
            return end

    def _result(self, item: T) -> R | _End:
        try:
            return self._work(item)
        except BaseException as error:  # as above
            self._stop.set()
            return _End(error)
