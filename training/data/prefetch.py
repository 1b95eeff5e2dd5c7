"""Batches made ahead of time, in a thread, while the network learns from those before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 4  # batches made before they are asked for

Batch = TypeVar("Batch")


def prefetch(batch: Callable[[int], Batch], first: int, name: str) -> Iterator[Batch]:
    """``batch(first)``, ``batch(first + 1)`` and so on without end. name: of the thread."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as worker:
        waiting: deque[Future[Batch]] = deque()
        number = first
        while True:
            while len(waiting) < AHEAD:
                waiting.append(worker.submit(batch, number))
                number += 1
            yield waiting.popleft().result()
