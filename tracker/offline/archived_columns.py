"""The columns of tracks in a file: arrays as arrays, lists as JSON, and nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.columns import Column, Columns, concatenate_columns, select_rows
from tracker.offline.trajectory import Trajectory

Arrays = Mapping[str, npt.NDArray[Any]]


def pack_columns(tracks: Sequence[Trajectory]) -> tuple[dict[str, npt.NDArray[Any]], list[dict[str, Any]], list[str]]:
    """All tracks' columns, one track after the other: the arrays by name, what else is to be known of them, warnings.

    A list of what JSON does not hold, such as objects of a user's own, cannot be kept in a file: a warning tells.
    """
    whole = concatenate_columns([track.columns for track in tracks], [len(track.frames) for track in tracks])
    arrays: dict[str, npt.NDArray[Any]] = {}
    about, warnings = list[dict[str, Any]](), list[str]()
    for number, (name, column) in enumerate(whole.items()):
        if isinstance(column, np.ndarray) and not column.dtype.hasobject:
            arrays[f"column{number}"] = column
            about.append({"name": name, "array": f"column{number}"})
        elif (values := _as_json(column)) is not None:
            about.append({"name": name, "values": values})
        else:
            warnings.append(f"the column {name!r} is lost between pieces: it holds neither numbers nor text")
    return arrays, about, warnings


def _as_json(column: Column) -> list[Any] | None:
    """The values as JSON gives them back, None where it would not."""
    try:
        values = json.loads(json.dumps(list(column), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None
    return values if values == list(column) else None


def unpack_columns(about: Sequence[Mapping[str, Any]], arrays: Arrays, lengths: Sequence[int]) -> list[Columns]:
    """The columns of each track. lengths: rows of each. Raises ValueError, KeyError or TypeError for damage."""
    whole: dict[str, Column] = {
        str(each["name"]): arrays[each["array"]] if "array" in each else list(each["values"]) for each in about
    }
    ends = np.cumsum(lengths)
    if any(len(column) != sum(lengths) for column in whole.values()):
        raise ValueError("further columns of unequal length")
    return [select_rows(whole, slice(int(end - length), int(end))) for end, length in zip(ends, lengths, strict=True)]
