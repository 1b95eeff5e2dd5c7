"""What drops the frames of a live source: a thread takes every picture as it comes, and keeps only the newest.

Tracking that is slower than the camera then skips frames, rather than falling farther and farther behind.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from detectors.base import Frame
from tracker.sources.live_status import LiveStatus
from tracker.threads.stage_clock import WAIT, StageClock

JOIN_TIMEOUT = 0.5  # seconds to wait for a thread that is stopped: it may be waiting for a camera that says nothing
IDLE_EVERY = 0.1  # seconds


class LatestFrames:
    """An iterator over the frames of a live source that drops those that come while the consumer is busy.

    However long the consumer takes, the next frame it gets is the last one that came; if it has had that one, it waits
    for another. A `cut` on a dropped frame moves to the next.

    live: counts the dropped frames (`skipped`) from the first request on, and says when to `stop`. clock: is told the
    time that the thread spends on taking frames ("read"). idle: is called about ten times a second in the consumer's
    thread while it waits.

    `start` may be called before iterating, so that nothing piles up while the models load. An exception in the thread
    is raised after the last frame. `close`, or leaving the context manager, stops the thread; one that waits for a
    picture that does not come is left behind after `JOIN_TIMEOUT` seconds.

    As in `tracker.threads.bounded_queue`, the consumer's thread touches nothing but a `SimpleQueue`, so that Ctrl-C
    cannot leave one thread waiting for the other. The queue never holds more than one frame, because its only producer
    takes the old one out before it puts the next one in.
    """

    def __init__(
        self,
        frames: Iterator[Frame],
        live: LiveStatus,
        clock: StageClock | None = None,
        idle: Callable[[], None] | None = None,
    ) -> None:
        self._frames, self._live = frames, live
        self._clock = StageClock() if clock is None else clock
        self._idle = idle
        self._newest = queue.SimpleQueue[Frame | None]()  # None is the end
        self._asked = False  # whether the consumer has asked for a frame yet
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="reading", daemon=True)

    def __enter__(self) -> LatestFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to take frames."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._live.stop.set()
        if self._thread.ident is None:
            self._close_frames()
        else:
            self._thread.join(JOIN_TIMEOUT)

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
                return self._newest.get(timeout=IDLE_EVERY)
            if self._idle is not None:
                self._idle()
            if self._live.stop.is_set():  # do not wait for a picture that may never come
                return None

    def _read(self) -> None:
        try:
            while not self._live.stop.is_set():
                with self._clock.timing("read"):
                    frame = next(self._frames, None)
                if frame is None:
                    break
                self._replace(frame)
        except BaseException as error:  # the consumer raises it
            self._error = error
        finally:
            self._close_frames()
            self._newest.put(None)

    def _replace(self, frame: Frame) -> None:
        """Put a frame in the place of the one that was not taken, which is dropped."""
        with contextlib.suppress(queue.Empty):
            old = self._newest.get_nowait()
            self._live.skipped += self._asked
            if old is not None and old.cut:
                frame = replace(frame, cut=True)
        self._newest.put(frame)

    def _close_frames(self) -> None:
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()
