"""Reading ahead in a thread: order, errors, and its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from detectors import InputError
from tracker.sources import read_ahead as ahead_module
from tracker.sources.read_ahead import ReadAhead


def test_reading_ahead_keeps_the_order_and_its_bound() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    with ReadAhead(numbers(), depth=3) as ahead:
        for expected, number in enumerate(ahead):
            assert number == expected
            assert len(taken) <= number + 1 + 3 + 1 + 1  # given out, queued, in the thread's hand, and one race
    assert taken == list(range(50))


def test_an_error_while_reading_ahead_reaches_the_reader() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise InputError("clip", "broke", "mend it")

    with ReadAhead(failing()) as ahead, pytest.raises(InputError, match="clip: broke"):
        list(ahead)


def test_leaving_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    with ReadAhead(endless()) as ahead:
        assert next(iter(ahead)) == 1
    assert closed.is_set()
    assert all(thread.name != "reading" for thread in threading.enumerate())


def test_a_source_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead_module, "JOIN_TIMEOUT", 0.2)
    go_on = threading.Event()

    def hanging() -> Iterator[int]:
        yield 1
        go_on.wait(timeout=30)

    with ReadAhead(hanging()) as ahead:
        assert next(iter(ahead)) == 1
    go_on.set()
