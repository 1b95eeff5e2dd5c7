"""Columns: whatever else is known of each of N objects, carried along row by row beside their boxes.

A column is an array ``(N, ...)`` or a list of N values: keypoints, masks, names, a user's own. Two names have a meaning
here. ``keypoints`` are ``(N, K, 3)``, x and y in pixels of the frame and a confidence, or ``(N, K, 2)`` without one.
``masks`` are a list of `detectors.masks.Mask`, None where a mask is not known; booleans ``(N, H, W)`` of whole frames
are cropped and packed as they come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.masks import Mask, masks_of, moved

Column = npt.NDArray[Any] | list[Any]
Columns = Mapping[str, Column]

KEYPOINTS, MASKS = "keypoints", "masks"
MISSING = {"f": np.nan, "c": np.nan, "O": None, "M": np.datetime64("NaT"), "m": np.timedelta64("NaT")}


def check_columns(columns: Mapping[str, Any], count: int) -> Columns:
    """The same columns as arrays and lists. Raises ValueError for one that does not have `count` rows."""
    checked = {name: _as_column(name, values) for name, values in columns.items()}
    for name, column in checked.items():
        if len(column) != count:
            raise ValueError(f"the column {name!r} has {len(column)} rows, boxes has {count}")
    shape = np.shape(checked.get(KEYPOINTS, np.empty((0, 0, 3))))
    if len(shape) != 3 or shape[2] not in (2, 3):
        raise ValueError(f"keypoints has the shape {shape}, not (N, K, 3) or (N, K, 2)")
    return checked


def _as_column(name: str, values: Any) -> Column:
    if hasattr(values, "__array__"):  # of any library, such as torch
        values = np.asarray(values)
    if name == MASKS:
        return masks_of(values)
    if name == KEYPOINTS:
        values = np.asarray(values)
        values = values if values.dtype.kind == "f" else values.astype(np.float64)
        return values if values.size or values.ndim == 3 else np.empty((0, 0, 3))
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    if isinstance(values, Sequence) and not isinstance(values, (str, bytes)):
        return list(values)
    raise ValueError(f"the column {name!r} is neither an array nor a list, but a {type(values).__name__}")


def select_rows(columns: Columns, rows: Any) -> Columns:
    """The given rows (index array, mask or slice) of every column."""
    return {
        name: column[rows] if isinstance(column, np.ndarray) else [column[at] for at in np.arange(len(column))[rows]]
        for name, column in columns.items()
    }


def rows_or_missing(columns: Columns, rows: npt.NDArray[np.int64]) -> Columns:
    """The rows ``(R,)`` of every column, where -1 stands for none.

    What is missing is NaN in floats, None in lists and in arrays of objects, and 0, False or "" in other arrays.
    """
    if (rows >= 0).all():
        return select_rows(columns, rows)
    return {name: _or_missing(column, rows) for name, column in columns.items()}


def _or_missing(column: Column, rows: npt.NDArray[np.int64]) -> Column:
    if isinstance(column, list):
        return [None if row < 0 else column[row] for row in rows]
    found = _missing(column, len(rows))
    found[rows >= 0] = column[rows[rows >= 0]]
    return found


def _missing(like: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    found = np.zeros((count, *like.shape[1:]), dtype=like.dtype)
    if like.dtype.kind in MISSING:
        found[...] = MISSING[like.dtype.kind]
    return found


def concatenate_columns(parts: Sequence[Columns], counts: Sequence[int]) -> Columns:
    """The rows of all parts, one after the other; a column that a part lacks is missing there.

    counts: rows of each part. Arrays whose rows are of different shapes become a list.
    """
    names = dict.fromkeys(name for part in parts for name in part)
    if any(counts):  # empty parts may have another shape, or none
        parts = [part for part, count in zip(parts, counts, strict=True) if count]
        counts = [count for count in counts if count]
    return {name: _concatenate([part.get(name) for part in parts], counts) for name in names}


def _concatenate(parts: Sequence[Column | None], counts: Sequence[int]) -> Column:
    there = [part for part in parts if part is not None]
    if not there:
        return [None] * sum(counts)
    shapes = {part.shape[1:] if isinstance(part, np.ndarray) else None for part in there}
    first = there[0]
    if len(shapes) == 1 and isinstance(first, np.ndarray):
        blocks = [_missing(first, count) if part is None else part for part, count in zip(parts, counts, strict=True)]
        return np.concatenate(blocks)
    lists = [[None] * count if part is None else list(part) for part, count in zip(parts, counts, strict=True)]
    return [value for each in lists for value in each]


def move_positions(columns: Columns, offset: npt.NDArray[Any]) -> Columns:
    """The columns of objects that lie `offset` ``(2,)`` pixels farther: keypoints and masks move along."""
    found = dict(columns)
    if KEYPOINTS in columns:
        points = np.array(columns[KEYPOINTS], dtype=np.float64)
        points[..., :2] += offset
        found[KEYPOINTS] = points
    if MASKS in columns:
        found[MASKS] = [moved(mask, offset) for mask in columns[MASKS]]
    return found


def masks_in(columns: Columns, count: int) -> list[Mask | None]:
    """The masks of `count` objects, None for what has none."""
    return list(columns.get(MASKS, [None] * count))
