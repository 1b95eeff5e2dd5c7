"""The table of a run's tracks, in the format that its name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from detectors.base import Frame
from detectors.errors import InputError
from tracker.association.tracks import Tracks
from tracker.tables.track_rows import GROUND_COLUMNS, TRACK_COLUMNS, Row, TrackRows

FORMATS = (".csv", ".parquet", ".sqlite")


class Table(Protocol):
    """Takes rows. runs: how many runs have written it before."""

    runs: int

    def write(self, rows: list[Row]) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def check_table_name(option: str, path: Path) -> None:
    """Raise InputError unless the name says which format is wanted, and it can be written."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{option} {path}", "does not tell its format", f"let it end in {', '.join(FORMATS)}")
    if path.suffix.lower() == ".parquet":
        from tracker.tables.parquet_table import check_pyarrow

        check_pyarrow(path)


def open_table(path: Path, grow: bool, new: bool, names: list[str], ground: bool = False) -> Table:
    """A table of tracks in the format of its name. grow, new, names: as for `CsvTable`. Raises InputError.

    ground: whether it has `GROUND_COLUMNS` too.
    """
    columns = (*TRACK_COLUMNS, *GROUND_COLUMNS) if ground else TRACK_COLUMNS
    if path.suffix.lower() == ".parquet":
        from tracker.tables.parquet_table import ParquetTable

        return ParquetTable(path, columns, grow, new)
    if path.suffix.lower() == ".sqlite":
        from tracker.tables.sqlite_table import SqliteTable

        return SqliteTable(path, columns, grow, new)
    from tracker.tables.csv_table import CsvTable

    return CsvTable(path, columns, grow, new, names)


class TrackTable:
    """Writes the tracks of every frame to a table, and closes it with the context. make_rows: for a run's number."""

    def __init__(self, table: Table, make_rows: Callable[[int], TrackRows]) -> None:
        self._table, self._rows = table, make_rows(table.runs + 1)

    def write(self, frame: Frame, tracks: Tracks) -> None:
        """Append the rows of one frame. Raises InputError when that fails."""
        self._table.write(list(self._rows.of(frame, tracks)))

    def __enter__(self) -> TrackTable:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._table.close()
