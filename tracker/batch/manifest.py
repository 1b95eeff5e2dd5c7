"""The status of each video of a batch, in a file of SQLite that a crash cannot damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from detectors.errors import InputError
from tracker.batch.job import JobState, Outcome

NAME = "batch.sqlite"
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


class Manifest:
    """The file of one batch; each change is on the disk when the call returns. One process writes it.

    Raises InputError for a folder that is not a batch's, a file that is none of ours or of a newer version, and for a
    disk that takes no more.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        if not self.path.exists() and folder.is_dir() and any(folder.iterdir()):
            raise InputError(folder, "holds other files and no batch", "choose an empty or a new folder")
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

    def names(self) -> dict[str, str]:
        """The folder's name of each video that was ever part of the batch."""
        with self._sqlite_errors():
            return dict(self._file.execute("SELECT source, name FROM videos"))

    def statuses(self) -> list[VideoStatus]:
        """All videos, by name."""
        columns = ", ".join(VideoStatus.__dataclass_fields__)
        with self._sqlite_errors():
            return [VideoStatus(*row) for row in self._file.execute(f"SELECT {columns} FROM videos ORDER BY name")]

    def add(self, names: dict[str, str]) -> None:
        """Add new videos, waiting. names: folder by source."""
        with self._sqlite_errors(), self._transaction():
            self._file.executemany(
                "INSERT OR IGNORE INTO videos (source, name, state) VALUES (?, ?, 'waiting')", names.items()
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
                f"UPDATE videos SET {changes}, changed = datetime('now') WHERE source = ?", (*values, source)
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
