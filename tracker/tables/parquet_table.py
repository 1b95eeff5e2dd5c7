"""Tables as Parquet, with pyarrow. A Parquet file cannot be read before its end is written, so it grows in parts."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.file_names import draft_of
from tracker.tables.track_rows import Column, Row
from tracker.writers.errors import write_error
from tracker.writers.exclusive import publish

PERIOD = 10.0  # seconds between two states of a part: what a killed run may lose
ROWS = 1 << 16  # of a part
PARTS = ".parts"  # ending of the folder in which a file grows


def check_pyarrow(path: Path) -> None:
    """Raise InputError unless Parquet can be written."""
    if importlib.util.find_spec("pyarrow") is None:
        remedy = f"{install_extra('tables')}, or name it .csv or .sqlite"
        raise InputError(path, "pyarrow is not installed", remedy)


def parts_of(path: Path, grow: bool) -> Path:
    """The folder in which a table grows: that of its own name if it never ends, else one beside the file."""
    return path if grow else path.with_name(path.name + PARTS)


def next_part(folder: Path) -> Path:
    """The name of a folder's next part."""
    numbers = [int(part.stem[5:]) for part in folder.glob("part-*.parquet") if part.stem[5:].isdecimal()]
    return folder / f"part-{max(numbers, default=0) + 1:06d}.parquet"


class ParquetTable:
    """Rows of `columns`, in a folder of parts each of which is a whole file; joined in one file at the end.

    The newest part is replaced every ten seconds by one with more rows, in one step. What a killed run leaves is the
    folder ``PATH.parts``, which whatever reads folders of Parquet takes as one table. grow: `path` itself is the
    folder, to which later runs add, and nothing is joined. new: the file must not exist. runs: as for `CsvTable`.

    Raises InputError when it cannot be written, or when an earlier run has left parts and `new`.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        grow: bool = False,
        new: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_pyarrow(path)
        self.path, self._grow, self._new, self._clock = path, grow, new, clock
        self._schema = schema_of(columns)
        self._folder = parts_of(path, grow)
        self._rows: list[Row] = []
        self._part: Path | None = None  # that holds some of the rows
        self._flushed: float | None = None
        if not grow and new and self._folder.exists():
            raise InputError(self._folder, "has what an interrupted run wrote", "move it away, or add --overwrite")
        self.runs = self._runs_before() if grow and path.is_dir() else 0

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        now = self._clock()
        if self._flushed is None:
            self._begin()
            self._flushed = now
        self._rows.extend(rows)
        if now - self._flushed >= PERIOD or len(self._rows) >= ROWS:
            self._flushed = now
            self._flush()

    def close(self) -> None:
        """Write the rest; make one file of all parts. Raises InputError when that fails."""
        if self._flushed is None:
            return
        self._flushed = None
        try:
            if self._grow:
                self._flush()
                return
            draft = draft_of(self.path)
            try:
                self._join(draft)
                publish(draft, self.path, self._new)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            shutil.rmtree(self._folder, ignore_errors=True)
        except (OSError, ValueError) as error:
            raise write_error(self.path, error) from None

    def _begin(self) -> None:
        try:
            if not self._grow and self._folder.exists():
                shutil.rmtree(self._folder)
            if self._grow:
                self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise write_error(self._folder, error) from None

    def _flush(self) -> None:
        """Put all rows of the part that is growing in its place."""
        import pyarrow.parquet

        if not self._rows:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            part = self._part or next_part(self._folder)
            draft = draft_of(part)
            try:
                pyarrow.parquet.write_table(self._table(), draft)
                publish(draft, part, new=self._part is None)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise write_error(part, error) from None
        self._part = part
        if len(self._rows) >= ROWS:
            self._rows, self._part = [], None

    def _join(self, draft: Path) -> None:
        import pyarrow.parquet

        with pyarrow.parquet.ParquetWriter(draft, self._schema) as writer:
            parts = sorted(self._folder.glob("part-*.parquet")) if self._folder.is_dir() else []
            for part in parts:
                if part != self._part:
                    writer.write_table(pyarrow.parquet.read_table(part, schema=self._schema))
            writer.write_table(self._table())

    def _table(self) -> Any:
        import pyarrow

        columns = list(zip(*self._rows, strict=True)) or [()] * len(self._schema)
        arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        return pyarrow.Table.from_arrays(arrays, schema=self._schema)

    def _runs_before(self) -> int:
        """How many runs have added to the folder. Raises InputError if it holds something else."""
        import pyarrow.parquet

        parts = sorted(self._folder.glob("part-*.parquet"))
        if not parts:
            return 0
        try:
            last = pyarrow.parquet.read_table(parts[-1])
            if last.schema.names != self._schema.names:
                raise ValueError("it has other columns")
            return max(last["run"].to_pylist(), default=0)
        except (OSError, ValueError) as error:
            why = f"is no table of tracks that could be added to: {error}"
            raise InputError(parts[-1], why, "move the folder away, or choose another name") from None


def schema_of(columns: Sequence[Column]) -> Any:
    """The Arrow schema of a table."""
    import pyarrow

    types = {
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        str: pyarrow.string(),
        datetime: pyarrow.timestamp("ms", "UTC"),
        list: pyarrow.list_(pyarrow.string()),
    }
    return pyarrow.schema([(column.name, types[column.kind]) for column in columns])
