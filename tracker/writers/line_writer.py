"""Text files that are written frame by frame, and can be read at any moment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.writers.errors import write_error
from tracker.writers.exclusive import create, write_whole


class LineWriter:
    """A text file with some lines for each frame, created with the first frame.

    The lines of a frame are written in one piece, so that a killed run leaves no half lines. A subclass says which
    lines. new: the file must not exist. Raises InputError when the file cannot be written, or belongs to another run.
    """

    def __init__(self, path: str | Path, new: bool = False) -> None:
        self.path, self._new = Path(path), new
        self._file: BinaryIO | None = None

    def lines(self, frame: Frame, tracks: Tracks) -> Iterable[str]:
        """The lines for one frame, without line ends."""
        raise AssertionError("a subclass says which lines")

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Append the lines of one frame."""
        try:
            if self._file is None:
                self._file = create(self.path, self._new)
            write_whole(self._file, "".join(f"{line}\n" for line in self.lines(frame, tracks)).encode())
        except OSError as error:
            raise write_error(self.path, error) from None

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # everything was written already, and `write` has raised any error
                file.close()

    def __enter__(self) -> LineWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
