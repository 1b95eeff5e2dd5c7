"""Work on several items at once: nothing lost, nothing out of order, nobody left waiting."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import InputError
from tests.conftest import ROOT
from tests.tracker.threads.test_bounded_queue import Interrupted, interrupt_after
from tracker.threads import ordered_map as ordered_map_module
from tracker.threads.ordered_map import SPARE, OrderedMap

NAME = "detecting"


def workers_left() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4))
def test_results_come_in_order_whatever_each_takes(turns: list[int], workers: int) -> None:
    def work(item: tuple[int, int]) -> int:
        for _ in range(1000 * item[1]):
            pass
        return item[0]

    with OrderedMap(iter(list(enumerate(turns))), work, workers) as results:
        assert list(results) == list(range(len(turns)))
    assert not workers_left()


def test_two_items_are_worked_on_at_once() -> None:
    both = threading.Barrier(2, timeout=60)  # passes only two threads together
    with OrderedMap(iter(range(6)), lambda item: (both.wait(), item)[1], workers=2) as results:
        assert list(results) == list(range(6))


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_is_taken_than_the_bound(workers: int) -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    with OrderedMap(numbers(), lambda number: number, workers) as results:
        for number in results:
            assert len(taken) <= number + 1 + workers + SPARE
    assert taken == list(range(50))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_where_its_result_would_have(workers: int) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise InputError("frame 3", "broke", "mend it")
        return item

    with OrderedMap(iter(range(9)), work, workers) as results:
        iterator = iter(results)
        assert [next(iterator) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(InputError, match="frame 3: broke"):
            next(iterator)
    assert not workers_left()


def test_an_error_of_the_items_comes_after_the_last_result() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise InputError("clip", "broke", "mend it")

    with OrderedMap(failing(), lambda item: item, workers=2) as results:
        iterator = iter(results)
        assert next(iterator) == 1
        with pytest.raises(InputError, match="clip: broke"):
            next(iterator)


def test_leaving_early_ends_the_threads() -> None:
    with OrderedMap(iter(int, 1), lambda item: item, workers=3) as results:
        assert next(iter(results)) == 0
    assert not workers_left()


def test_work_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_map_module, "JOIN_TIMEOUT", 0.2)
    go_on = threading.Event()
    with OrderedMap(iter(range(9)), lambda item: item and go_on.wait(timeout=30), workers=1) as results:
        assert next(iter(results)) == 0
    assert workers_left()
    go_on.set()
    for thread in workers_left():
        thread.join(timeout=60)


@pytest.mark.parametrize("steps", range(1, 60, 3))
def test_an_interruption_anywhere_leaves_no_thread(steps: int) -> None:
    tracing = sys.gettrace()
    results = OrderedMap(iter(range(4)), lambda item: item, workers=2)
    sys.settrace(interrupt_after(steps, str(ROOT / "tracker")))
    try:
        with pytest.raises(Interrupted):
            for _ in results:
                pass
    finally:
        sys.settrace(tracing)
    results.close()
    assert not workers_left()
