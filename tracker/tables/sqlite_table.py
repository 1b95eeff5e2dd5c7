"""Tables in an SQLite file, which others can query while it grows."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from detectors.errors import InputError
from tracker.tables.track_rows import Column, Row
from tracker.writers.errors import write_error

PERIOD = 1.0  # seconds between two transactions: what a killed run may lose
TYPES = {int: "INTEGER", float: "REAL", str: "TEXT", datetime: "TEXT", list: "TEXT"}
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file


class SqliteTable:
    """Rows of `columns` in the table `name` of a file, in transactions of a second.

    Lists are JSON arrays, times of day ISO text in UTC. grow, new, runs: as for `CsvTable`. clock: seconds. Raises
    InputError when the file cannot be written, is there already, or holds something else.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        grow: bool = False,
        new: bool = False,
        name: str = "tracks",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path, self._columns, self._name, self._clock = path, columns, name, clock
        self._new = new and not grow
        self._insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"
        self._database: sqlite3.Connection | None = None
        self._committed = 0.0
        self.runs = 0
        if grow and path.exists():
            self._database = self._connect()
            self.runs = self._runs_before(self._database)

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        try:
            database = self._database = self._database or self._create()
            database.executemany(self._insert, ([_cell(value) for value in row] for row in rows))
            if self._clock() - self._committed >= PERIOD:
                database.commit()
                self._committed = self._clock()
        except (OSError, sqlite3.Error) as error:
            raise write_error(self.path, error) from None

    def close(self) -> None:
        """Write the rest, and close the file. Raises InputError when that fails."""
        if self._database is not None:
            database, self._database = self._database, None
            try:
                database.commit()
            except sqlite3.Error as error:
                raise write_error(self.path, error) from None
            finally:
                with suppress(sqlite3.Error):
                    database.close()

    def _create(self) -> sqlite3.Connection:
        if self._new:
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                why = "exists already: another run has made it"
                raise InputError(self.path, why, "choose another name") from None
        else:
            for ending in ("", *BESIDE):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)
        database = self._connect()
        self._make(database)
        return database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, check_same_thread=False)
        with suppress(sqlite3.Error):  # a file system without shared memory, or no database: found out below
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
        return database

    def _make(self, database: sqlite3.Connection) -> None:
        parts = (f'"{column.name}" {TYPES[column.kind]}' for column in self._columns)
        database.execute(f"CREATE TABLE {self._name} ({', '.join(parts)})")
        database.commit()

    def _runs_before(self, database: sqlite3.Connection) -> int:
        """How many runs have written the table. Raises InputError if the file holds another."""
        names = [column.name for column in self._columns]
        try:
            there = [row[1] for row in database.execute(f"PRAGMA table_info({self._name})")]
            if not there:
                self._make(database)
            elif there != names:
                raise sqlite3.DatabaseError("it has other columns")
            return int(database.execute(f"SELECT coalesce(max(run), 0) FROM {self._name}").fetchone()[0])
        except sqlite3.Error as error:
            database.close()
            why = f"is no table of tracks that could be added to: {error}"
            raise InputError(self.path, why, "move it away, or choose another name") from None


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    return value
