"""The columns of tracks in a file: arrays as arrays, masks as their bits, lists as JSON, nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.columns import MASKS, Column, Columns, concatenate_columns, select_rows
from detectors.masks import Mask
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
        if name == MASKS:
            packed = _pack_masks(column)
            arrays |= {f"column{number}_{part}": array for part, array in packed.items()}
            about.append({"name": name, "masks": f"column{number}"})
        elif isinstance(column, np.ndarray) and not column.dtype.hasobject:
            arrays[f"column{number}"] = column
            about.append({"name": name, "array": f"column{number}"})
        elif (values := _as_json(column)) is not None:
            about.append({"name": name, "values": values})
        else:
            warnings.append(f"the column {name!r} is lost between pieces: it holds neither numbers nor text")
    return arrays, about, warnings


def _pack_masks(masks: Column) -> dict[str, npt.NDArray[Any]]:
    """Masks as arrays: whether each is known, the rectangles x, y, height, width of those, and all their bits."""
    known = [mask for mask in masks if mask is not None]
    return {
        "known": np.array([mask is not None for mask in masks], dtype=bool),
        "rectangles": np.array([[each.x, each.y, each.height, each.width] for each in known], np.int64).reshape(-1, 4),
        "bits": np.frombuffer(b"".join(each.bits for each in known), np.uint8),
    }


def _unpack_masks(name: str, arrays: Arrays) -> list[Mask | None]:
    """What `_pack_masks` has packed. Raises ValueError, KeyError or TypeError for damage."""
    known, bits = arrays[f"{name}_known"], arrays[f"{name}_bits"].astype(np.uint8).tobytes()
    rectangles = arrays[f"{name}_rectangles"].reshape(-1, 4)
    sizes = -(-rectangles[:, 2] * rectangles[:, 3] // 8)
    if len(rectangles) != known.sum() or sizes.sum() != len(bits) or (rectangles[:, 2:] < 0).any():
        raise ValueError("masks of unequal length")
    ends = np.cumsum(sizes).tolist()
    parts = (bits[end - size : end] for end, size in zip(ends, sizes.tolist(), strict=True))
    found = iter(
        [Mask(x, y, high, wide, part) for (x, y, high, wide), part in zip(rectangles.tolist(), parts, strict=True)]
    )
    return [next(found) if there else None for there in known.tolist()]


def _as_json(column: Column) -> list[Any] | None:
    """The values as JSON gives them back, None where it would not."""
    try:
        values = json.loads(json.dumps(list(column), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None
    return values if values == list(column) else None


def unpack_columns(about: Sequence[Mapping[str, Any]], arrays: Arrays, lengths: Sequence[int]) -> list[Columns]:
    """The columns of each track. lengths: rows of each. Raises ValueError, KeyError or TypeError for damage."""
    whole: dict[str, Column] = {str(each["name"]): _unpacked(each, arrays) for each in about}
    ends = np.cumsum(lengths)
    if any(len(column) != sum(lengths) for column in whole.values()):
        raise ValueError("further columns of unequal length")
    return [select_rows(whole, slice(int(end - length), int(end))) for end, length in zip(ends, lengths, strict=True)]


def _unpacked(about: Mapping[str, Any], arrays: Arrays) -> Column:
    if "masks" in about:
        return _unpack_masks(str(about["masks"]), arrays)
    return arrays[about["array"]] if "array" in about else list(about["values"])
