"""A queue of limited length between two threads, which an interruption cannot break.

Ctrl-C raises an exception wherever the main thread happens to be. Inside `queue.Queue`, which is Python code around
condition variables, that can lose a wake-up or leave a lock locked, and the other thread then waits for ever. A
`SimpleQueue` is one C call, which is never left half done. It has no limit of its own; a second one, which holds the
free slots, provides it.
"""

from __future__ import annotations

import queue
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """A queue of at most `depth` items. An interruption loses at most one item or one slot."""

    def __init__(self, depth: int) -> None:
        self._items: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._slots: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(depth):
            self.release_slot()

    def put(self, item: T) -> None:
        """Wait for a free slot, and put an item in."""
        self.acquire_slot()
        self._items.put(item)

    def acquire_slot(self) -> None:
        """Wait for a free slot and take it, for an item that `put_at_once` then puts in."""
        self._slots.get()

    def put_at_once(self, item: T) -> None:
        """Put an item in without taking a slot, and without waiting: one that has a slot already, or an end mark."""
        self._items.put(item)

    def get(self) -> T:
        """Wait for the next item, and free its slot."""
        item = self._items.get()
        self.release_slot()
        return item

    def release_slot(self) -> None:
        """Add a free slot; a thread that waits for one goes on."""
        self._slots.put(None)
