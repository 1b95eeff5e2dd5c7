"""Rows of MOTChallenge text with their line numbers, so that an error names file and line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.base import Floats, Ints
from detectors.boxes import tlwh_to_xyxy
from detectors.errors import InputError
from detectors.number_rows import read_text, split_rows

COLUMNS = "frame,id,x,y,w,h"
MIN_COLUMNS = COLUMNS.count(",") + 1


@dataclass(frozen=True, eq=False)
class MotRows:
    """Rows of one file or array, in its order.

    path: what errors call it. values: ``(N, C)``, C >= 6: frame and id, x and y of the top-left corner, width and
    height in pixels, then whatever the file has. lines: ``(N,)``, where each row stood, from 1.
    """

    path: str
    values: Floats
    lines: Ints

    def reject(self, bad: npt.ArrayLike, why: str, remedy: str) -> None:
        """Raise InputError for the first row where `bad` ``(N,)`` holds; ``{0:g}`` in `why` is its first column."""
        if np.any(bad):
            at = int(np.argmax(bad))
            raise InputError(f"{self.path}:{self.lines[at]}", why.format(*self.values[at]), remedy)


@dataclass(frozen=True, eq=False)
class FrameBoxes:
    """Boxes sorted by frame; those of one frame keep the order of the file.

    ids: ``(N,)``. boxes: ``(N, 4)`` xyxy in pixels. bounds: ``(length + 1,)``; frame t, from 0, has the rows from
    ``bounds[t]`` up to ``bounds[t + 1]``. order: ``(N,)``, which row of the file each one was.
    """

    ids: Ints
    boxes: Floats
    bounds: Ints
    order: Ints


def read_rows(path: Path, remedy: str, columns: str = COLUMNS) -> MotRows:
    """The rows of a text file; none for an empty one. remedy: what to do when it cannot be read.

    columns: names of the columns that each row has at least, separated by commas. In the file, commas, semicolons, tabs
    or spaces separate them.

    Raises InputError, naming the line, for rows of unequal length, of fewer columns, and for values that are
    no finite numbers.
    """
    return rows_of_text(str(path), read_text(path, remedy), columns)


def rows_of_text(name: str, text: str, columns: str = COLUMNS) -> MotRows:
    """The rows of a text that is in memory. name: what errors call it. Raises InputError as `read_rows` does."""
    values, lines = list[list[float]](), list[int]()
    for number, fields in split_rows(name, text):
        values.append(_numbers(fields, f"{name}:{number}", len(values[0]) if values else 0, columns))
        lines.append(number)
    table = np.array(values, dtype=np.float64).reshape(len(values), -1) if values else np.empty((0, _count(columns)))
    return MotRows(name, table, np.array(lines, dtype=np.int64))


def rows_of_array(name: str, values: npt.ArrayLike) -> MotRows:
    """Rows ``(N, C)``, C >= 6, that are in memory already. Raises InputError for another shape and for no numbers."""
    table = np.asarray(values, dtype=np.float64)
    if table.size == 0:
        table = np.empty((0, MIN_COLUMNS))
    if table.ndim != 2 or table.shape[1] < MIN_COLUMNS:
        raise InputError(name, f"the rows have the shape {table.shape}", f"expected (N, 6 or more): {COLUMNS}")
    rows = MotRows(f"{name}, row", table, np.arange(1, len(table) + 1))
    rows.reject(~np.isfinite(table).all(axis=1), "not all values are finite", f"rows are {COLUMNS}")
    return rows


def sort_by_frame(rows: MotRows, length: int, length_from: str) -> FrameBoxes:
    """Check the rows of a sequence of `length` frames, and sort them. length_from: what tells that length.

    Raises InputError for frames outside of the sequence, ids and frames that are no whole numbers, negative ids, two
    rows of one id in one frame, and boxes of negative size.
    """
    _check(rows, length, length_from)
    frames, ids = rows.values[:, 0].astype(np.int64), rows.values[:, 1].astype(np.int64)
    order = np.argsort(frames, kind="stable")
    bounds = np.searchsorted(frames[order], np.arange(1, length + 2))
    return FrameBoxes(ids[order], tlwh_to_xyxy(rows.values[order, 2:6]), bounds, order)


def _check(rows: MotRows, length: int, length_from: str) -> None:
    frames, ids, boxes = rows.values[:, 0], rows.values[:, 1], rows.values[:, 2:6]
    rows.reject(frames % 1 != 0, "frame {0:.15g} is not a whole number", "frames count from 1")
    rows.reject(frames < 1, "frame {0:.15g} is below 1", "frames count from 1")
    rows.reject(frames > limits.FRAMES, "frame {0:.15g} is too large", "frames count from 1")
    rows.reject(frames > length, f"frame {{0:.15g}} is beyond the last one, {length}", length_from)
    rows.reject(ids % 1 != 0, "id {1:.15g} is not a whole number", f"rows are {COLUMNS}")
    rows.reject(ids < 0, "id {1:.15g} is negative", "every row needs an id; track detections first")
    rows.reject(ids > limits.LAST_FRAME, "id {1:.15g} is too large", f"ids go up to {limits.LAST_FRAME}")
    rows.reject((boxes[:, 2:] < 0).any(axis=1), "the box has a negative size", f"rows are {COLUMNS}")
    rows.reject(
        (np.abs(boxes) > limits.FARTHEST).any(axis=1), "the box is too far away", f"rows are {COLUMNS}, in pixels"
    )
    _check_unique(rows, frames, ids)


def _check_unique(rows: MotRows, frames: Floats, ids: Floats) -> None:
    order = np.lexsort((np.arange(len(ids)), ids, frames))
    same = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    again = np.zeros(len(ids), dtype=bool)
    again[order[1:][same]] = True
    rows.reject(again, "id {1:.15g} is in frame {0:.15g} already", "an id has one box in a frame: remove one of them")


def _count(columns: str) -> int:
    return columns.count(",") + 1


def _numbers(fields: list[str], where: str, width: int, named: str) -> list[float]:
    """The values of a row. width: columns of the first row, 0 for that row itself. named: columns it has at least."""
    if len(fields) < _count(named) or (width and len(fields) != width):
        expected = f"{width}, like the first row" if width else f"at least {_count(named)} ({named})"
        columns = "column" if len(fields) == 1 else "columns"
        raise InputError(
            where, f"the row has {len(fields)} {columns}, expected {expected}", "separate all values in one way"
        )
    for field in fields:
        if not _is_finite(field):
            raise InputError(where, f"{field.strip()!r} is not a finite number", f"rows are {named},... of numbers")
    return [float(field) for field in fields]


def _is_finite(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False
