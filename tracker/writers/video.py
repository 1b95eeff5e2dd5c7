"""Annotated video: an mp4 that is encoded in a thread of its own, so that tracking does not wait for it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType

from detectors.base import Image
from detectors.errors import InputError
from tracker.threads.bounded_queue import BoundedQueue
from tracker.threads.stage_clock import WAIT, StageClock
from tracker.writers.errors import write_error
from tracker.writers.h264 import VideoFormat
from tracker.writers.mp4_file import Mp4File


class VideoWriter:
    """Writes frames to an mp4 that browsers play (H.264, yuv420p).

    path: the file, created with the first frame. wanted: its frame rate, time base and quality. audio: a file whose
    sound is copied, or None. depth: pictures that may wait for the encoder. clock: is told the time that the encoding
    thread spends ("write"). new: the file must not exist.

    An error in the encoding thread is raised by the next `write` or by `close`. Sound that cannot be copied is no
    error: `warnings` says so afterwards. Raises InputError when the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        wanted: VideoFormat,
        audio: Path | None = None,
        depth: int = 2,
        clock: StageClock | None = None,
        new: bool = False,
    ) -> None:
        self.path, self._wanted, self._audio, self._new = Path(path), wanted, audio, new
        self.warnings: list[str] = []
        self._clock = StageClock() if clock is None else clock
        self._queue = BoundedQueue[tuple[Image, float] | None](depth)  # None is the end
        self._thread: threading.Thread | None = None
        self._ending = False
        self._file: Mp4File | None = None
        self._error: Exception | None = None

    def write(self, image: Image, seconds: float) -> None:
        """Append a picture ``(H, W, 3)`` BGR that is shown from `seconds` on. The writer keeps the array."""
        self._raise_error()
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="encoding", daemon=True)
            thread.start()
            self._thread = thread  # only now: an interruption in between must not leave one that cannot be joined
        with self._clock.timing(f"{WAIT}encoding"):
            self._queue.put((image, seconds))

    def finish(self) -> None:
        """Let the encoding thread finish the file, and do not wait for it. `close` has to be called all the same."""
        if self._thread is not None and not self._ending:
            self._ending = True
            self._queue.put_at_once(None)

    @property
    def finished(self) -> bool:
        """Whether `close` would not have to wait."""
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """Finish the file: everything encoded, the index moved to the front."""
        if self._thread is None:
            return
        self.finish()
        with self._clock.timing(f"{WAIT}encoding"):
            self._thread.join()
        self._thread = None
        self._raise_error()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:  # the first error is the one to tell
            with contextlib.suppress(InputError):
                self.close()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error if isinstance(self._error, InputError) else write_error(self.path, self._error)

    def _work(self) -> None:
        """The encoding thread. After an error it still empties the queue, so that `write` does not block."""
        while (item := self._next()) is not None:
            if self._error is None:
                with self._clock.timing("write"):
                    self._encode(*item)
        with self._clock.timing("write"):
            self._close_file()

    def _next(self) -> tuple[Image, float] | None:
        with self._clock.timing(f"{WAIT}pictures"):
            return self._queue.get()

    def _encode(self, image: Image, seconds: float) -> None:
        try:
            if self._file is None:
                self._file = Mp4File(self.path, self._wanted, image, seconds, self._audio, self.warnings, self._new)
            self._file.write(image, seconds)
        except Exception as error:  # whatever it is, `write` or `close` raises it
            self._error = error

    def _close_file(self) -> None:
        if self._file is None:
            return
        try:
            if self._error is None:
                self._file.close()
            else:
                self._file.abandon()
        except Exception as error:
            self._error = self._error or error
