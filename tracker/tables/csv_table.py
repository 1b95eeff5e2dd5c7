"""Tables as CSV that a spreadsheet opens as it is, and that can be read at any moment."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from detectors.errors import InputError
from tracker.tables.track_rows import Column, Row
from tracker.writers.errors import write_error
from tracker.writers.exclusive import append, create, write_whole

BYTE_ORDER_MARK = "\ufeff".encode()
LIST_SEPARATOR = "; "
TAIL = 1 << 16  # bytes at the end of a file that hold its last row


class CsvTable:
    """Rows of `columns`, the heading first; created with the first rows, even if these are none.

    Each `write` is one piece, so that a killed run leaves no half rows. grow: add to what is there, which must have the
    same heading. new: the file must not exist. names: texts that may occur. If any is not plain ASCII, the file begins
    with a byte-order mark, without which Excel takes them for another alphabet. runs: how many have written it before.

    Raises InputError when the file cannot be written, belongs to another run, or holds another table.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        grow: bool = False,
        new: bool = False,
        names: Iterable[str] = (),
    ) -> None:
        self.path, self._columns = path, columns
        self._grow, self._new = grow, new
        self._mark = b"" if all(name.isascii() for name in names) else BYTE_ORDER_MARK
        self._file: BinaryIO | None = None
        self.runs = self._runs_before() if grow else 0

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        self.write_text(as_text(rows))

    def write_text(self, text: bytes) -> None:
        """Append rows that are text already."""
        try:
            file = self._file = self._file or self._open()
            if text:
                write_whole(file, text)
        except OSError as error:
            raise write_error(self.path, error) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # everything was written already, and `write` has raised any error
                file.close()

    def _open(self) -> BinaryIO:
        heading = self._mark + as_text([[column.name for column in self._columns]])
        if not self._grow:
            file = create(self.path, self._new)
            write_whole(file, heading)
            return file
        file = append(self.path)
        if file.seekable() and file.seek(0, io.SEEK_END):
            return file
        write_whole(file, heading)
        return file

    def _runs_before(self) -> int:
        """How many runs have written the file. Raises InputError if it is another table."""
        if not self.path.is_file() or not self.path.stat().st_size:
            return 0
        names = [column.name for column in self._columns]
        with open(self.path, encoding="utf-8-sig", errors="replace", newline="") as file:
            if next(csv.reader(file), []) != names:
                why = "has other columns than this table, and would be added to"
                raise InputError(self.path, why, "move it away, or choose another name")
        if "run" not in names:
            return 0
        with open(self.path, "rb") as file:
            file.seek(max(0, self.path.stat().st_size - TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
        found = [row[names.index("run")] for row in csv.reader(lines) if len(row) == len(names)]
        return max((int(text) for text in found if text.isdecimal()), default=0)


def as_text(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180, but for the line ends)."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return LIST_SEPARATOR.join(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    return value
