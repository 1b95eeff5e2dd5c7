"""Reading ahead: a thread that decodes the next frames while the current one is tracked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

from tracker.threads.bounded_queue import BoundedQueue
from tracker.threads.stage_clock import WAIT, StageClock

T = TypeVar("T")

JOIN_TIMEOUT = 2.0  # seconds to wait for a thread that is stopped
_END = object()


class ReadAhead(Generic[T]):
    """An iterator over `items` that takes them in a thread of its own, at most `depth` ahead.

    clock: is told the time that the thread spends on taking items ("read"). An exception in the thread is raised where
    the item would have come. The thread starts with the iteration. `close`, or leaving the context manager, stops the
    thread and closes `items`; a thread that waits for a picture that does not come is left behind after a while.
    """

    def __init__(self, items: Iterator[T], depth: int = 2, clock: StageClock | None = None) -> None:
        self._items = items
        self._clock = StageClock() if clock is None else clock
        self._queue = BoundedQueue[object](depth)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="reading", daemon=True)

    def __enter__(self) -> ReadAhead[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading."""
        if self._thread.ident is None:
            self._close_items()
            return
        self._stop.set()
        self._queue.release_slot()  # else a full queue would block it
        self._thread.join(JOIN_TIMEOUT)

    def __iter__(self) -> Iterator[T]:
        self._thread.start()
        while (item := self._next()) is not _END:
            yield item  # type: ignore[misc]  # only items and the end mark are put in
        if self._error is not None:
            raise self._error

    def _next(self) -> object:
        with self._clock.timing(f"{WAIT}reading"):
            return self._queue.get()

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                with self._clock.timing("read"):
                    item = next(self._items, _END)
                if item is _END:
                    break
                with self._clock.timing(f"{WAIT}room"):
                    self._queue.put(item)
        except BaseException as error:  # the consumer raises it
            self._error = error
        finally:
            self._close_items()
            self._queue.put_at_once(_END)

    def _close_items(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()
