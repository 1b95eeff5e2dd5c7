"""The status of each video of a batch, in a file of SQLite that a crash cannot damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import get_args

from detectors.errors import InputError
from tracker.batch.job import JobState, Outcome
from tracker.batch.naming import safe_name
from tracker.batch.own_places import RECORD, check_own_places
from tracker.sources.addresses import is_recorded, recorded

NAME = RECORD
APPLICATION = 0x6B747261  # marks the file as ours, as SQLite's own documentation proposes
VERSION = 1
TABLE = """
CREATE TABLE IF NOT EXISTS videos (
    source TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    fingerprint TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    frames INTEGER NOT NULL DEFAULT 0,
    tracks INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    changed TEXT NOT NULL DEFAULT ''
)
"""


@dataclass(frozen=True)
class VideoStatus:
    """A video's row. fingerprint: of the job that led to this state. seconds: that it took. attempts: at any job."""

    source: str
    name: str
    state: JobState
    fingerprint: str
    reason: str
    frames: int
    tracks: int
    seconds: float
    attempts: int


def key_of(source: str) -> str:
    """What a source is recorded by: a path as it is, an address without its secrets; what it may have is text."""
    if "://" in source:
        return source if is_recorded(source) else recorded(source)
    return source.encode("utf-8", "backslashreplace").decode()


def check_status(status: VideoStatus, path: Path) -> VideoStatus:
    """The same; raises InputError for names that lead elsewhere, states that there are not, and numbers that are none.

    Whoever has made the file may not be one of us, and what is called so would be replaced.
    """
    texts = (status.source, status.name, status.fingerprint, status.reason)
    numbers = (status.frames, status.tracks, status.attempts)
    known = all(isinstance(text, str) for text in texts) and status.state in get_args(JobState)
    if not known or not all(isinstance(each, int) for each in numbers) or not isinstance(status.seconds, (int, float)):
        raise InputError(path, "has a row that is none of a batch", "make the batch anew elsewhere")
    if safe_name(status.name) != status.name:
        raise InputError(path, f"has {status.name!r} as the name of a folder", "make the batch anew elsewhere")
    return status


def _is_empty(folder: Path) -> bool:
    """Whether nobody has put anything into a folder: file managers put hidden files there to look at it."""
    return all(each.name.startswith(".") for each in folder.iterdir())


class Manifest:
    """The file of one batch; each change is on the disk when the call returns. One process writes it.

    Raises InputError for a folder that is not a batch's, a file that is none of ours or of a newer version, and for a
    disk that takes no more.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        if not self.path.exists() and folder.is_dir() and not _is_empty(folder):
            raise InputError(folder, "holds other files and no batch", "choose an empty or a new folder")
        check_own_places(folder)
        with self._sqlite_errors():
            self._file = sqlite3.connect(self.path, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._file.close()
                raise

    def _prepare(self) -> None:
        (application,) = self._file.execute("PRAGMA application_id").fetchone()
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        (tables,) = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise InputError(self.path, "is not the record of a batch", "choose another folder")
        if version > VERSION:
            remedy = "use that version, or choose another folder"
            raise InputError(
                self.path, f"is from a newer keeptrack (version {version}; this one knows {VERSION})", remedy
            )
        self._file.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            self._file.execute(f"PRAGMA application_id = {APPLICATION}")
            self._file.execute(f"PRAGMA user_version = {VERSION}")
            self._file.execute(TABLE)
            self._hide_secrets()

    def _hide_secrets(self) -> None:
        """Rewrite addresses that an earlier version has recorded as they were given."""
        self._file.execute("PRAGMA secure_delete = ON")
        for (source,) in self._file.execute("SELECT source FROM videos WHERE source LIKE '%://%'").fetchall():
            if isinstance(source, str) and not is_recorded(source):
                self._file.execute("UPDATE OR REPLACE videos SET source = ? WHERE source = ?", (key_of(source), source))

    def names(self) -> dict[str, str]:
        """The folder's name of each video that was ever part of the batch, by `key_of` its source."""
        return {status.source: status.name for status in self.statuses()}

    def statuses(self) -> list[VideoStatus]:
        """All videos, by name. source: `key_of` it. Raises InputError for what cannot be ours."""
        columns = ", ".join(VideoStatus.__dataclass_fields__)
        with self._sqlite_errors():
            rows = self._file.execute(f"SELECT {columns} FROM videos ORDER BY name").fetchall()
        return [check_status(VideoStatus(*row), self.path) for row in rows]

    def add(self, names: dict[str, str]) -> None:
        """Add new videos, waiting. names: folder by source."""
        with self._sqlite_errors(), self._transaction():
            self._file.executemany(
                "INSERT OR IGNORE INTO videos (source, name, state) VALUES (?, ?, 'waiting')",
                ((key_of(source), name) for source, name in names.items()),
            )

    def mark_running(self, source: str) -> None:
        """A worker has started it."""
        self._update(source, "state = 'running', attempts = attempts + 1")

    def mark_waiting(self, source: str) -> None:
        """No worker runs it any more, and it is not done."""
        self._update(source, "state = 'waiting'")

    def mark_finished(self, source: str, fingerprint: str, outcome: Outcome) -> None:
        """It is done, or has failed, as the outcome says."""
        changes = "state = ?, fingerprint = ?, reason = ?, frames = ?, tracks = ?, seconds = ?"
        values = (outcome.state, fingerprint, outcome.reason, outcome.frames, outcome.tracks, round(outcome.seconds, 3))
        self._update(source, changes, *values)

    def _update(self, source: str, changes: str, *values: object) -> None:
        with self._sqlite_errors():
            self._file.execute(
                f"UPDATE videos SET {changes}, changed = datetime('now') WHERE source = ?", (*values, key_of(source))
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._file.in_transaction:  # SQLite itself gives up on some errors
                self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    @contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        """Raise SQLite's errors as InputError."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            remedy = "free some space" if "full" in str(error) else "check the file and its permissions"
            raise InputError(self.path, f"cannot be used: {error}", remedy) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
