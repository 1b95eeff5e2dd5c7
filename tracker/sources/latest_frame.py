"""The newest frame: a thread that takes every picture of a live source as it comes, and keeps only the last."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from detectors.base import Frame
from tracker.sources.base import Source
from tracker.threads.stage_clock import WAIT, Clock

PATIENCE = 0.5  # seconds to wait for a thread that is stopped: it may be waiting for a camera that says nothing
IDLE_EVERY = 0.1  # seconds


class Newest:
    """An iterator over the frames of a live source that leaves out those for which there was no time.

    However long the consumer takes, the frame it gets next is the last one that came; if it has had that, it waits for
    another. `source.skipped` counts those left out since its first. A `cut` on one of them is handed on to the next.
    clock: is told what the thread spends on taking frames ("read"). idle: is called about ten times a second in the
    consumer's thread while it waits.

    `start` may be called before iterating, so that what comes while other things are made ready does not pile up. An
    exception in the thread is raised after the last frame. `close`, or leaving it as a context manager, stops the
    thread; one that waits for a picture that does not come is left behind after a while.

    As in `tracker.threads.bounded_queue`, all that the consumer's thread touches is a `SimpleQueue`, so that Ctrl-C
    cannot leave it in a state in which one thread waits for the other. The queue never holds more than one frame,
    because its only producer takes out what is there before it puts the next one in.
    """

    def __init__(self, source: Source, clock: Clock | None = None, idle: Callable[[], None] | None = None) -> None:
        self._source = source
        self._clock = Clock() if clock is None else clock
        self._idle = idle
        self._slot = queue.SimpleQueue[Frame | None]()  # None is the end
        self._asked = False  # whether anybody wanted a frame yet
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="reading", daemon=True)

    def __enter__(self) -> Newest:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to take frames."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._source.stop.set()
        if self._thread.ident is None:
            self._close_frames()
        else:
            self._thread.join(PATIENCE)

    def __iter__(self) -> Iterator[Frame]:
        self.start()
        self._asked = True
        while (frame := self._next()) is not None:
            yield frame
        if self._error is not None:
            raise self._error

    def _next(self) -> Frame | None:
        while True:
            with self._clock.timing(f"{WAIT}reading"), contextlib.suppress(queue.Empty):
                return self._slot.get(timeout=IDLE_EVERY)
            if self._idle is not None:
                self._idle()
            if self._source.stop.is_set():  # whoever set it need not wait for a picture that may not come
                return None

    def _read(self) -> None:
        try:
            while not self._source.stop.is_set():
                with self._clock.timing("read"):
                    frame = next(self._source.frames, None)
                if frame is None:
                    break
                self._replace(frame)
        except BaseException as error:  # it belongs to whoever waits for the frame
            self._error = error
        finally:
            self._close_frames()
            self._slot.put(None)

    def _replace(self, frame: Frame) -> None:
        """Put a frame in the place of the one that nobody took."""
        with contextlib.suppress(queue.Empty):
            old = self._slot.get_nowait()
            self._source.skipped += self._asked
            if old is not None and old.cut:
                frame = replace(frame, cut=True)
        self._slot.put(frame)

    def _close_frames(self) -> None:
        close = getattr(self._source.frames, "close", None)
        if close is not None:
            close()
