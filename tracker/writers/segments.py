"""Annotated video in several files of limited length, each complete in itself."""

from __future__ import annotations

import glob
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources.base import Source
from tracker.writers.video import VideoWriter


class SegmentedVideo:
    """Writes frames to one mp4 after the other, each `seconds` long.

    name: gives the path of a file by the time of its first frame. open_file: makes the writer of one. Files end at
    multiples of `seconds` from the very first frame. A file is finished by its own encoding thread while the next one
    is written.

    Raises InputError when a file cannot be written.
    """

    def __init__(self, seconds: float, name: Callable[[float], Path], open_file: Callable[[Path], VideoWriter]) -> None:
        self._seconds, self._name, self._open_file = seconds, name, open_file
        self._start: float | None = None
        self._end = float("-inf")
        self._current: VideoWriter | None = None
        self._ending: list[VideoWriter] = []
        self.warnings: list[str] = []
        self.count = 0

    def write(self, image: Image, seconds: float) -> None:
        """Append a picture ``(H, W, 3)`` BGR that is shown from `seconds` on. The writer keeps the array."""
        if self._current is None or seconds >= self._end:
            self._begin(seconds)
        assert self._current is not None
        self._current.write(image, seconds)

    def close(self) -> None:
        """Finish all files; the first error is raised when all are closed."""
        with ExitStack() as closing:
            for writer in (*self._ending, *filter(None, [self._current])):
                closing.callback(self._close, writer)
            self._ending, self._current = [], None

    def __enter__(self) -> SegmentedVideo:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.close()
        except InputError:
            if kind is None:  # else the first error is the one to tell
                raise

    def _begin(self, seconds: float) -> None:
        """Start the file whose first frame is at `seconds`."""
        self._start = seconds if self._start is None else self._start
        self._end = self._start + self._seconds * ((seconds - self._start) // self._seconds + 1)
        if self._current is not None:
            self._current.finish()
            self._ending.append(self._current)
            self._current = None
        for writer in [writer for writer in self._ending if writer.finished]:
            self._ending.remove(writer)
            self._close(writer)
        self._current = self._open_file(self._name(seconds))
        self.count += 1

    def _close(self, writer: VideoWriter) -> None:
        try:
            writer.close()
        finally:
            self.warnings.extend(warning for warning in writer.warnings if warning not in self.warnings)


def segment_names(path: Path, source: Source) -> Callable[[float], Path]:
    """The names of the files of a segmented video: ``NAME.LABEL.mp4``, where `path` is ``NAME.mp4``.

    The label is the local time for a live source, and the time in the source for others: ``2026-01-31T18-05-00`` or
    ``00-10-00``. No live file gets the name of an earlier one, even when the clock is set back.
    """
    live = source.live
    if live is None:
        return lambda seconds: _labelled(path, _as_clock(seconds))

    def name(seconds: float) -> Path:
        label = f"{live.time_of_day(seconds).astimezone():%Y-%m-%dT%H-%M-%S}"
        labels = (label, *(f"{label}-{number}" for number in range(2, 1000)))
        return next(found for found in (_labelled(path, label) for label in labels) if not found.exists())

    return name


def existing_segments(path: Path) -> list[Path]:
    """The existing files of a segmented video called `path`, of a source that is not live."""
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.[0-9][0-9]-[0-9][0-9]-[0-9][0-9]{path.suffix}"))


def _labelled(path: Path, label: str) -> Path:
    return path.with_name(f"{path.stem}.{label}{path.suffix}")


def _as_clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 1e-6), 60)
    return f"{minutes // 60:02d}-{minutes % 60:02d}-{rest:02d}"
