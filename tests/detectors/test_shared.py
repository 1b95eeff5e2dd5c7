"""One detector for several threads: each gets its own answer, and those that wait are a batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from detectors import Detections, Frame, load_detector
from detectors.shared import MOST, SharedDetector


def frame(index: int) -> Frame:
    return Frame(np.zeros((8, 8, 3), np.uint8), index, index / 25)


def found_in(frame: Frame) -> Detections:
    """One box, whose place tells the frame."""
    return Detections(np.array([[frame.index, 0.0, frame.index + 1, 1.0]]), np.array([0.5]))


class Single:
    """Finds one box a frame, one frame at a time."""

    name, suppressed, concurrent = "single", True, True
    class_names: Mapping[int, str] = {0: "thing"}
    notes = ("a note",)

    def __init__(self) -> None:
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def search_size(self, height: int, width: int) -> int:
        return max(height, width)

    def __call__(self, frame: Frame) -> Detections:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        answer = found_in(frame)
        with self._lock:
            self.at_once -= 1
        return answer


class Batched(Single):
    """Takes several frames in one go. gate: each go waits for it."""

    batched = True

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.began, self.gate = threading.Event(), threading.Event()

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        self.sizes.append(len(frames))
        self.began.set()
        assert self.gate.wait(20)
        if any(frame.index == 13 for frame in frames):
            raise RuntimeError("thirteen")
        return [found_in(frame) for frame in frames]


def ask(detector: Callable[[Frame], Detections], indices: Sequence[int]) -> list[float]:
    with ThreadPoolExecutor(len(indices)) as pool:
        return [float(each.boxes[0, 0]) for each in pool.map(lambda index: detector(frame(index)), indices)]


def test_it_looks_like_the_detector_and_limits_how_many_run_at_once() -> None:
    inner = Single()
    shared = SharedDetector(inner, turns=2)
    assert ask(shared, range(40)) == list(range(40))
    assert inner.most_at_once <= 2
    assert (shared.name, shared.class_names, shared.suppressed, shared.notes) == (
        "single",
        {0: "thing"},
        True,
        ("a note",),
    )
    assert shared.search_size(3, 4) == 4
    assert load_detector(shared) is shared


def test_frames_that_wait_are_a_batch() -> None:
    inner = Batched()
    shared = SharedDetector(inner)
    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(shared, frame(0))
        assert inner.began.wait(20)
        others = [pool.submit(shared, frame(index)) for index in range(1, 11)]
        while len(shared._waiting) < 10:
            pass
        inner.gate.set()
        answers = [each.result(20) for each in (first, *others)]
    assert [float(answer.boxes[0, 0]) for answer in answers] == list(range(11))
    assert inner.sizes == [1, MOST, 2]


def test_an_error_reaches_those_who_called_and_nobody_else() -> None:
    inner = Batched()
    inner.gate.set()
    shared = SharedDetector(inner)
    with pytest.raises(RuntimeError, match="thirteen"):
        shared(frame(13))
    assert ask(shared, [1, 2, 3]) == [1, 2, 3]
