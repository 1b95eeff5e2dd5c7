"""Text files that are written line by line and readable at any moment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from detectors.base import Frame
from detectors.errors import InputError
from tracker.association.tracks import Tracks


class LineWriter:
    """A text file with some lines a frame, created with the first.

    The lines of a frame are handed to the system in one piece, so that a run that is killed leaves no half ones. A
    subclass says which lines. Raises InputError when the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file: BinaryIO | None = None

    def lines(self, frame: Frame, tracks: Tracks) -> Iterable[str]:
        """The lines for one frame, without line ends."""
        raise AssertionError("a subclass says which lines")

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Append what is to be said of one frame."""
        try:
            if self._file is None:
                self._file = open(self.path, "wb", buffering=0)  # noqa: SIM115  # closed in close()
            rest = "".join(f"{line}\n" for line in self.lines(frame, tracks)).encode()
            while rest:  # a pipe or a nearly full disk takes less than all
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise write_error(self.path, error) from None

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # what could be flushed has been; `write` has told the rest
                file.close()

    def __enter__(self) -> LineWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def write_error(path: Path, error: Exception) -> InputError:
    """What to tell the user when writing to `path` failed."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    known = isinstance(error, OSError)
    remedy = "free some space, or choose another place" if known else "please report this, with the command line"
    return InputError(path, f"cannot be written: {reason}", remedy)
