"""Reading ahead: a thread that decodes the next frames while the current one is tracked."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_END = object()


class ReadAhead(Generic[T]):
    """An iterator over `items` that takes them in a thread of its own, at most `depth` ahead.

    seconds: time that the thread has spent on taking items. An exception in the thread is raised where the item would
    have come. Use it as a context manager: leaving it stops the thread and closes `items`.
    """

    def __init__(self, items: Iterator[T], depth: int = 4) -> None:
        self.seconds = 0.0
        self._items = items
        self._queue: queue.Queue[object] = queue.Queue(depth)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="read ahead", daemon=True)

    def __enter__(self) -> ReadAhead[T]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        while self._thread.is_alive():  # a full queue holds the thread up: make room until it notices
            with contextlib.suppress(queue.Empty):
                self._queue.get(timeout=0.05)

    def __iter__(self) -> Iterator[T]:
        while (item := self._queue.get()) is not _END:
            yield item  # type: ignore[misc]  # only items and the end mark are put in
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                start = time.perf_counter()
                item = next(self._items, _END)
                self.seconds += time.perf_counter() - start
                if item is _END:
                    break
                self._queue.put(item)
        except BaseException as error:  # it belongs to whoever waits for the item
            self._error = error
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
            self._queue.put(_END)
