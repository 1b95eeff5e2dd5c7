"""From one thread to another: a queue of limited length that an interruption cannot break.

Ctrl-C raises an exception wherever the main thread happens to be. Inside `queue.Queue`, which is Python code around
condition variables, that can lose a wake-up or leave a lock locked, and the other thread waits for ever. `SimpleQueue`
is one C call and knows no half-done state; a second one, of free places, limits the length.
"""

from __future__ import annotations

import queue
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Items in, the same items out, at most `depth` on the way. An interruption costs an item or a place at most."""

    def __init__(self, depth: int) -> None:
        self._items: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(depth):
            self.make_room()

    def put(self, item: T) -> None:
        """Hand an item over as soon as there is a place for it."""
        self.reserve()
        self._items.put(item)

    def reserve(self) -> None:
        """Take a place as soon as there is one, for an item that `put_at_once` then hands over."""
        self._places.get()

    def put_at_once(self, item: T) -> None:
        """Hand an item over, with or without a place for it."""
        self._items.put(item)

    def get(self) -> T:
        """The next item, as soon as there is one."""
        item = self._items.get()
        self.make_room()
        return item

    def make_room(self) -> None:
        """Add a place, for whoever waits for one."""
        self._places.put(None)
