"""A queue between threads that an interruption cannot break."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

import pytest

from tracker.threads.bounded_queue import BoundedQueue

PATIENCE = 60.0  # seconds after which a thread counts as stuck


class Interrupted(BaseException):
    pass


class Consumer:
    """Takes items in a thread of its own, until None."""

    def __init__(self, queue: BoundedQueue[int | None]) -> None:
        self.taken = list[int]()
        self._queue = queue
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            self.taken.append(item)


def interrupt_after(steps: int, within: str = "") -> Any:
    """A trace function that raises once, at the given line of Python code that runs in this thread.

    within: counts only lines of files with this in their name.
    """
    left = steps

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "line" and frame.f_code.co_filename != __file__ and within in frame.f_code.co_filename:
            left -= 1
            if left == 0:
                raise Interrupted
        return trace

    return trace


def test_items_arrive_in_order_and_no_more_than_depth_are_on_the_way() -> None:
    queue = BoundedQueue[int | None](3)
    for number in range(3):
        queue.put(number)
    blocked = threading.Thread(target=queue.put, args=(3,), daemon=True)
    blocked.start()
    blocked.join(0.05)
    assert blocked.is_alive()
    assert [queue.get() for _ in range(4)] == [0, 1, 2, 3]
    blocked.join(PATIENCE)
    assert not blocked.is_alive()


def test_room_can_be_made_and_the_end_needs_none() -> None:
    queue = BoundedQueue[int | None](1)
    queue.put(1)
    queue.put_at_once(None)
    queue.release_slot()
    queue.put(2)
    assert [queue.get() for _ in range(3)] == [1, None, 2]


@pytest.mark.parametrize("steps", range(1, 12))
def test_an_interruption_anywhere_leaves_nobody_waiting(steps: int) -> None:
    queue = BoundedQueue[int | None](2)
    consumer = Consumer(queue)
    tracing = sys.gettrace()
    sys.settrace(interrupt_after(steps))
    try:
        for number in range(20):
            queue.put(number)
    except Interrupted:
        pass
    finally:
        sys.settrace(tracing)
    queue.put_at_once(None)
    consumer.thread.join(PATIENCE)
    assert not consumer.thread.is_alive()
    assert consumer.taken == list(range(len(consumer.taken)))
    assert len(consumer.taken) >= (steps - 1) // 4
