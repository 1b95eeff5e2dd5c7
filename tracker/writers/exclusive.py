"""Output files that belong to one run: two that are given the same name do not mix their lines."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from detectors.errors import InputError

try:
    import fcntl
except ImportError:  # another system
    fcntl = None  # type: ignore[assignment]

STANDARD_OUTPUT = ("-", "/dev/stdout")


def is_standard_output(path: object) -> bool:
    """Whether `path` stands for what the process prints to."""
    return str(path) in STANDARD_OUTPUT


def standard_output() -> BinaryIO:
    """Standard output, without a buffer. Opened by its name, a file behind it would be written from its start."""
    return os.fdopen(os.dup(1), "wb", buffering=0)


def create(path: Path, new: bool = False) -> BinaryIO:
    """Open a file for writing, empty, without a buffer, and keep other runs out of it until it is closed.

    new: the file must not be there yet, whatever an earlier check has found. Devices and pipes are opened as they are.

    Raises InputError when another run has made the file or is writing it, and OSError as `open` does.
    """
    if is_standard_output(path):
        return standard_output()
    if path.exists() and not path.is_file():
        return open(path, "wb", buffering=0)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_EXCL if new else 0), 0o666)
    except FileExistsError:
        raise InputError(path, "exists already: another run has made it", "choose another name") from None
    file = os.fdopen(descriptor, "wb", buffering=0)
    _lock(file, path)
    os.ftruncate(descriptor, 0)
    return file


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other runs out of a file until it is closed. Raises InputError when one is in, and closes the file."""
    try:
        if fcntl is not None:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise InputError(path, "is being written by another run", "choose another name") from None
    except OSError:  # a file system without locks
        pass


def append(path: Path) -> BinaryIO:
    """Open a log to add whole lines to it; what an interrupted writer has left of a line is ended.

    Raises InputError when another run is writing it, and OSError as `open` does.
    """
    if is_standard_output(path):
        return standard_output()
    file = open(path, "ab+", buffering=0)  # noqa: SIM115  # the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    _lock(file, path)
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


def publish(draft: Path, path: Path, new: bool) -> None:
    """Put a whole file in its place in one step. new: the place must be free, whatever an earlier check has found.

    Raises InputError when another run has taken it, and OSError as the system does.
    """
    if not new:
        os.replace(draft, path)
        return
    try:
        os.link(draft, path)
    except FileExistsError:
        raise InputError(path, "exists already: another run has made it", "choose another name") from None
    except OSError:  # a file system without hard links
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        os.replace(draft, path)
        return
    draft.unlink()


def write_whole(file: BinaryIO, data: bytes) -> None:
    """Append `data` to an unbuffered file, all of it or nothing: a full disk leaves no half line.

    Raises OSError as the system does.
    """
    rest = memoryview(data)
    try:
        while rest:  # a pipe or a nearly full disk takes less than all
            rest = rest[file.write(rest) :]
    except OSError:
        with contextlib.suppress(OSError):  # a pipe cannot take back
            os.ftruncate(file.fileno(), os.fstat(file.fileno()).st_size - (len(data) - len(rest)))
        raise
