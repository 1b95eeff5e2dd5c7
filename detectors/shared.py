"""One detector for several callers at once, such as the sources of one process: the model is in memory once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from detectors.base import Detections, Detector, Frame, notes, search_size

MOST = 8  # frames in a batch


@runtime_checkable
class BatchDetector(Protocol):
    """A detector that can look at several frames in one go."""

    batched: bool  # whether its model allows that

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        """The candidates of each frame, as one call for each would give them."""
        ...


class SharedDetector:
    """A `Detector` that any number of threads call at once, and that has several of them wait.

    turns: how many frames are searched at the same time. Where the detector can take several frames in one go, those
    that wait are a batch. detector: has to be `concurrent`.
    """

    concurrent = False  # for a caller: more threads of one source would only wait for each other

    def __init__(self, detector: Detector, turns: int = 1) -> None:
        assert detector.concurrent, f"{detector.name} remembers the frames that it has seen"
        self._detector = detector
        self._batches = detector if isinstance(detector, BatchDetector) and detector.batched else None
        self._turns = threading.Semaphore(1 if self._batches else turns)
        self._lock, self._waiting = threading.Lock(), list[_Call]()
        self.name, self.class_names = detector.name, detector.class_names
        self.suppressed, self.notes = detector.suppressed, notes(detector)

    def search_size(self, height: int, width: int) -> int | None:
        """The longer side in pixels that a frame of that size is scaled to, None if the detector does not tell."""
        return search_size(self._detector, height, width)

    def __call__(self, frame: Frame) -> Detections:
        """The candidates in one frame."""
        if self._batches is None:
            with self._turns:
                return self._detector(frame)
        call = _Call(frame)
        with self._lock:
            self._waiting.append(call)
        with self._turns:
            while call.answer is None:
                self._answer(self._take(), self._batches)
        if isinstance(call.answer, BaseException):
            raise call.answer
        return call.answer

    def _take(self) -> list[_Call]:
        with self._lock:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return taken

    def _answer(self, calls: Sequence[_Call], detector: BatchDetector) -> None:
        try:
            answers: Sequence[Detections | BaseException] = detector.batch([call.frame for call in calls])
        except Exception as error:  # whoever called raises it
            answers = [error] * len(calls)
        for call, answer in zip(calls, answers, strict=True):
            call.answer = answer


class _Call:
    """A frame that waits, and what came of it."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.answer: Detections | BaseException | None = None
