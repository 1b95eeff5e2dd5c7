"""The outbox: messages in files until they have been delivered, so that neither an outage nor a kill loses any.

The run appends lines to a file and waits for nobody; a thread reads them and notes in another file how far it has
come. Neither takes a lock that the other could hold: a file that is full is followed by the next one, and a file whose
lines have all been delivered is removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tracker.writers.errors import write_error
from tracker.writers.exclusive import create, write_whole

FULL = 1 << 20  # bytes of a file, after which the next one is begun
MOST_FILES = 256  # beyond which the oldest messages are dropped: an outage must not fill the disk
LOCK, CURSOR = "lock", "delivered"


class Position(NamedTuple):
    """A place between two messages. file: its number. offset: bytes from its beginning."""

    file: int
    offset: int


class Stored(NamedTuple):
    """A message of the outbox. message: its line, without the end. end: the place behind it."""

    message: bytes
    end: Position


class Outbox:
    """The messages that wait in `folder`, which is made if it is not there.

    One thread calls `append`, and one other thread `take` and `delivered`. dropped: messages that were given up because
    `MOST_FILES` were full.

    Raises InputError when the folder cannot be written, or belongs to another run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.dropped = folder, 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = create(folder / LOCK)
            (folder / CURSOR).touch()
            self._cursor = open(folder / CURSOR, "rb+", buffering=0)  # noqa: SIM115  # closed by `close`
            numbers = self._numbers()
            self._number, self._size = (numbers[-1] if numbers else 0) + 1, 0
            self._file = create(self._path(self._number), new=True)
        except OSError as error:
            raise write_error(folder, error) from None
        self._delivered = self._next = self._read_cursor()
        self._reading: tuple[int, BinaryIO] | None = None  # the file that is read, and its number

    def append(self, message: bytes) -> None:
        """Keep a message: one line. Raises InputError when that is not possible."""
        try:
            if self._size >= FULL:
                self._begin_file()
            write_whole(self._file, message + b"\n")
        except OSError as error:
            raise write_error(self.folder, error) from None
        self._size += len(message) + 1

    def take(self) -> Stored | None:
        """The next message that has not been taken yet; None if there is none."""
        while True:
            numbers = [number for number in self._numbers() if number >= self._next.file]
            if not numbers:
                return None
            if numbers[0] != self._next.file:  # it was dropped
                self._next = Position(numbers[0], 0)
            line = self._read_line()
            if line.endswith(b"\n"):
                self._next = Position(self._next.file, self._next.offset + len(line))
                return Stored(line[:-1], self._next)
            if len(numbers) == 1:
                return None
            self._next = Position(numbers[1], 0)  # what is left of the old file is half a line of a power cut

    def delivered(self, stored: Stored) -> None:
        """Note that a message, and all before it, need not be sent again. Raises OSError."""
        self._delivered = stored.end
        self._cursor.seek(0)
        self._cursor.write(b"%012d %012d\n" % stored.end)  # always as long, so that a kill leaves the old or the new
        for number in self._numbers():
            if number < stored.end.file:
                self._path(number).unlink(missing_ok=True)

    def waiting(self) -> int:
        """How many messages have not been delivered."""
        return sum(1 for _ in self._undelivered())

    def close(self) -> None:
        """Close the files, and remove the folder if nothing waits in it."""
        empty = not any(self._undelivered())
        for file in (self._file, self._cursor, *([self._reading[1]] if self._reading else [])):
            file.close()
        with contextlib.suppress(OSError):
            if empty:
                for path in (*map(self._path, self._numbers()), self.folder / CURSOR, self.folder / LOCK):
                    path.unlink(missing_ok=True)
                self.folder.rmdir()  # stays where somebody has put something else
        self._lock.close()

    def _begin_file(self) -> None:
        numbers = self._numbers()
        if len(numbers) >= MOST_FILES:
            oldest = self._path(numbers[0])
            self.dropped += oldest.read_bytes().count(b"\n")
            oldest.unlink(missing_ok=True)
        self._file.close()
        self._number, self._size = self._number + 1, 0
        self._file = create(self._path(self._number), new=True)

    def _read_line(self) -> bytes:
        """The line at the place that is read next; what there is of it, if it has no end yet."""
        number, offset = self._next
        if self._reading is None or self._reading[0] != number:
            if self._reading is not None:
                self._reading[1].close()
                self._reading = None
            try:
                self._reading = number, open(self._path(number), "rb")  # noqa: SIM115  # closed with the next one
            except FileNotFoundError:  # just dropped
                return b""
        file = self._reading[1]
        file.seek(offset)
        return file.readline()

    def _undelivered(self) -> Iterator[bytes]:
        for number in self._numbers():
            if number < self._delivered.file:
                continue
            with open(self._path(number), "rb") as file:
                file.seek(self._delivered.offset if number == self._delivered.file else 0)
                yield from (line for line in file if line.endswith(b"\n"))

    def _read_cursor(self) -> Position:
        self._cursor.seek(0)
        words = self._cursor.read().split()
        if len(words) == 2 and all(word.isdigit() for word in words):
            return Position(int(words[0]), int(words[1]))
        return Position(0, 0)

    def _numbers(self) -> list[int]:
        """The numbers of the files, in their order."""
        return sorted(int(path.stem) for path in self.folder.glob("*.jsonl") if path.stem.isdecimal())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}.jsonl"
