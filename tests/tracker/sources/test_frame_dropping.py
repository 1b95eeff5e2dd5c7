"""The newest frame of a live source: what is left out, and what never is."""

from __future__ import annotations

import gc
import queue
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Frame
from detectors.errors import InputError
from tests.tracker.threads.test_bounded_queue import PATIENCE, Interrupted, interrupt_after
from tracker.sources.frame_dropping import LatestFrames
from tracker.sources.live_status import LiveStatus

PICTURE = np.zeros((2, 2, 3), np.uint8)


def numbered(count: int, cuts: set[int] = set()) -> Iterator[Frame]:  # noqa: B006  # never changed
    for index in range(1, count + 1):
        yield Frame(PICTURE, index, index / 25, cut=index in cuts)


class Script:
    """Frames that come when they are told to."""

    def __init__(self) -> None:
        self._orders = queue.SimpleQueue[Frame | None]()
        self._taken = queue.SimpleQueue[None]()
        self._count = 0

    def frames(self) -> Iterator[Frame]:
        while (frame := self._orders.get()) is not None:
            yield frame
            self._taken.put(None)  # the reader has put it away, and asks for the next one

    def come(self, cut: bool = False) -> None:
        """One more frame has come, and lies ready when this returns."""
        self._count += 1
        self._orders.put(Frame(PICTURE, self._count, self._count / 25, cut))
        self._taken.get(timeout=PATIENCE)

    def end(self) -> None:
        self._orders.put(None)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
@settings(deadline=None, max_examples=60)
def test_the_consumer_gets_the_newest_frame_and_every_other_is_counted(steps: list[tuple[bool, bool]]) -> None:
    script = Script()
    live = LiveStatus()
    with LatestFrames(script.frames(), live) as newest:
        frames = iter(newest)
        came, got, cut_waiting, ready = 0, list[Frame](), False, False
        for take, cut in [(False, False), (True, False), *steps]:
            if not take:
                newest.start()
                script.come(cut)
                came, cut_waiting, ready = came + 1, cut_waiting or cut, True
            elif ready:
                frame = next(frames)
                assert frame.index == came
                assert frame.cut == cut_waiting
                got.append(frame)
                cut_waiting = ready = False
        script.end()
        rest = [frame.index for frame in frames]
        assert rest == ([came] if ready else [])
        last = rest[-1] if rest else got[-1].index
        assert live.skipped == last - got[0].index + 1 - len(got) - len(rest)


def test_frames_that_come_before_anybody_asks_are_not_counted_as_skipped() -> None:
    script = Script()
    live = LiveStatus()
    with LatestFrames(script.frames(), live) as newest:
        newest.start()
        for _ in range(5):
            script.come()
        frames = iter(newest)
        assert next(frames).index == 5
        assert live.skipped == 0
        script.come()
        script.come()
        assert next(frames).index == 7
        assert live.skipped == 1
        script.end()
        assert list(frames) == []


def test_the_last_frame_comes_before_the_end() -> None:
    with LatestFrames(numbered(100), LiveStatus()) as newest:
        assert [frame.index for frame in newest][-1] == 100


def test_an_error_reaches_the_consumer_after_the_last_frame() -> None:
    def failing() -> Iterator[Frame]:
        yield from numbered(1)
        raise InputError("camera", "broke", "mend it")

    with LatestFrames(failing(), LiveStatus()) as newest:
        frames = iter(newest)
        assert next(frames).index == 1
        with pytest.raises(InputError, match="broke"):
            next(frames)


def test_while_it_waits_others_may_go_on_in_the_same_thread() -> None:
    script, calls = Script(), list[str]()
    done = threading.Event()

    def idle() -> None:
        calls.append(threading.current_thread().name)
        if len(calls) == 3:
            script.end()
            done.set()

    with LatestFrames(script.frames(), LiveStatus(), idle=idle) as newest:
        assert list(newest) == []
    assert done.is_set()
    assert set(calls) == {threading.current_thread().name}


def test_a_slow_consumer_never_lags() -> None:
    interval, processing = 0.01, 0.05
    live = LiveStatus()

    def paced() -> Iterator[Frame]:
        for index in range(1, 101):
            due = live.zero + index * interval
            time.sleep(max(0.0, due - time.monotonic()))
            yield Frame(PICTURE, index, live.now())

    ages, count = list[float](), 0
    with LatestFrames(paced(), live) as newest:
        for frame in newest:
            count += 1
            time.sleep(processing)
            ages.append(live.now() - frame.time)
    # late wake-ups of a busy machine are no lag, which would grow from frame to frame, to four seconds
    assert sorted(ages)[len(ages) // 2] < 1
    assert ages[-1] < 1
    assert 2 <= count <= 25
    assert live.skipped >= 70


def test_leaving_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[Frame]:
        try:
            while True:
                yield from numbered(1)
        finally:
            closed.set()

    live = LiveStatus()
    with LatestFrames(endless(), live) as newest:
        next(iter(newest))
    assert closed.wait(PATIENCE)
    assert live.stop.is_set()


def test_a_source_that_was_never_read_is_closed_too() -> None:
    frames = numbered(3)
    LatestFrames(frames, LiveStatus()).close()
    assert list(frames) == []


@pytest.mark.parametrize("steps", range(1, 40, 3))
def test_an_interruption_anywhere_leaves_nobody_waiting(steps: int) -> None:
    def endless() -> Iterator[Frame]:
        while True:
            yield from numbered(1)

    newest = LatestFrames(endless(), LiveStatus())
    newest.start()
    tracing, interrupted = sys.gettrace(), False
    gc.disable()  # an exception in somebody's finalizer is lost
    sys.settrace(interrupt_after(steps))
    try:
        for _, _ in zip(range(1000), newest):  # noqa: B905  # one of them is endless
            pass
    except Interrupted:
        interrupted = True
    finally:
        sys.settrace(tracing)
        gc.enable()
    assert interrupted
    newest.close()
    assert not newest._thread.is_alive()
