"""A call in a thread of its own, which Ctrl-C need not wait for."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

POLL = 0.2  # seconds: on Windows, Ctrl-C waits for the end of a wait

T = TypeVar("T")


def call_in_background(call: Callable[[], T], discard: Callable[[T], None] | None = None) -> T:
    """The result of `call`, which runs in a thread of its own.

    discard: what to do with a result that comes after the wait for it was interrupted. Raises what `call` raises.
    """
    results = queue.SimpleQueue[tuple[T | None, BaseException | None]]()
    abandoned = threading.Event()

    def work() -> None:
        try:
            result = call()
        except BaseException as error:  # the waiting thread raises it
            results.put((None, error))
            return
        results.put((result, None))
        if abandoned.is_set() and discard is not None:
            discard(result)

    threading.Thread(target=work, name="opening", daemon=True).start()
    try:
        result, error = _wait_for(results)
    except BaseException:
        abandoned.set()
        raise
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is one where there is no error


def _wait_for(results: queue.SimpleQueue[T]) -> T:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=POLL)
