"""COCO's run-length encoding of masks, as pycocotools writes and reads it; NumPy alone.

The pixels of a whole frame, column by column, as lengths of runs that are off and on in turn, the first off:
``counts``, as a list of numbers, or compressed to text. (Lin et al., "Microsoft COCO: Common objects in context", 2014;
the text's code is that of its maskApi: five bits a character, lengths from the fourth on as differences to the last but
one.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import limits
from detectors.masks import Mask

Counts = npt.NDArray[np.int64]
CHARACTERS = 13  # of one length at most: five bits each, of 63
FIRST = 48  # the character that stands for 0


def encode(mask: Mask, height: int, width: int) -> dict[str, Any]:
    """``{"size": [height, width], "counts": text}`` of a mask in a frame of that size."""
    return {"size": [height, width], "counts": to_text(run_lengths(mask, height, width))}


def decode(value: Any, size: tuple[int, int] | None = None) -> Mask:
    """The mask of ``{"size": [height, width], "counts": text or list}``, cropped to what it covers.

    size: (height, width) of its frame, where that is known. Raises ValueError for anything else: runs that are negative
    or do not fill the frame, a frame of another size.
    """
    if not isinstance(value, dict) or "counts" not in value:
        raise ValueError("a mask is no run-length encoding with size and counts")
    height, width = _size(value.get("size"), size)
    counts = value["counts"]
    counts = counts.decode("ascii", "replace") if isinstance(counts, bytes) else counts
    lengths = from_text(counts) if isinstance(counts, str) else _listed(counts)
    if (lengths < 0).any() or int(lengths.sum()) != height * width:
        raise ValueError(f"the runs of a mask do not fill its frame of {width} x {height} pixels")
    return _from_lengths(lengths, height)


def _size(given: Any, known: tuple[int, int] | None) -> tuple[int, int]:
    sides: Any = given if given is not None else known
    fits = isinstance(sides, (list, tuple)) and len(sides) == 2 and all(type(side) is int for side in sides)
    if not fits or not all(0 < side <= limits.PIXELS for side in sides) or sides[0] * sides[1] > limits.PICTURE_PIXELS:
        raise ValueError("a mask has no size of height and width")
    if known is not None and tuple(sides) != tuple(known):
        raise ValueError(f"a mask of {sides[1]} x {sides[0]} pixels is not of a frame of {known[1]} x {known[0]}")
    return int(sides[0]), int(sides[1])


def _listed(counts: Any) -> Counts:
    if not isinstance(counts, list) or not all(type(each) is int and 0 <= each < 2**40 for each in counts):
        raise ValueError("the counts of a mask are neither text nor whole numbers")
    return np.array(counts, dtype=np.int64)


def run_lengths(mask: Mask, height: int, width: int) -> Counts:
    """The lengths ``(R,)`` of the runs of a mask in a frame of that size, the first one off. They fill the frame."""
    inside = mask.within(height, width)
    edges = np.zeros((inside.width, inside.height + 2), dtype=np.int8)
    edges[:, 1:-1] = inside.pixels().T
    steps = np.diff(edges, axis=1)
    starts, ends = (_positions(steps == step, inside, height) for step in (1, -1))
    if not len(starts):
        return np.array([height * width])
    apart = starts[1:] != ends[:-1]  # a run that reaches the bottom may go on at the top of the next column
    starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    bounds = np.stack([starts, ends], axis=1).ravel()
    lengths = np.diff(bounds, prepend=0, append=height * width)
    return lengths[:-1] if len(lengths) > 1 and not lengths[-1] else lengths


def _positions(where: npt.NDArray[np.bool_], inside: Mask, height: int) -> Counts:
    columns, rows = np.nonzero(where)
    return np.asarray((inside.x + columns) * height + inside.y + rows, dtype=np.int64)


def _from_lengths(lengths: Counts, height: int) -> Mask:
    """The mask of runs in a frame of that height, cropped to what it covers."""
    bounds = np.cumsum(lengths)
    ends = bounds[1::2]
    starts = bounds[::2][: len(ends)]
    some = ends > starts
    starts, ends = starts[some], ends[some]
    if not len(starts):
        return Mask(0, 0, 0, 0, b"")
    left, right = int(starts[0] // height), int((ends[-1] - 1) // height) + 1
    steps = np.zeros((right - left) * height + 1, dtype=np.int8)
    np.add.at(steps, starts - left * height, 1)
    np.add.at(steps, ends - left * height, -1)
    columns = np.cumsum(steps[:-1], dtype=np.int8).view(bool).reshape(right - left, height)
    rows = np.flatnonzero(columns.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    return Mask.pack(columns[:, top:bottom].T, left, top)


def to_text(lengths: Counts) -> str:
    """The lengths of runs as COCO compresses them."""
    values = lengths.copy()
    values[3:] -= lengths[1:-2]
    places = 5 * np.arange(CHARACTERS)
    digits = (values[:, None] >> places) & 31
    # The last character of a number has the sign in its highest bit: those after it would only repeat that.
    rest = values[:, None] >> places
    more = np.where(digits & 16, rest >> 5 != -1, rest >> 5 != 0)
    shown = np.cumsum(~more, axis=1) - ~more == 0
    codes = np.asarray(digits + 32 * more + FIRST, dtype=np.uint8)[shown]
    return str(codes.tobytes(), "ascii")


def from_text(text: str) -> Counts:
    """The lengths of runs in COCO's text. Raises ValueError for characters that it does not have."""
    codes = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8).astype(np.int64) - FIRST
    if (codes < 0).any() or (codes > 63).any() or (len(codes) and codes[-1] & 32):
        raise ValueError("the counts of a mask are no text of run lengths")
    more = (codes & 32) > 0
    firsts = np.flatnonzero(~np.append(False, more[:-1])) if len(codes) else np.empty(0, dtype=np.int64)
    sizes = np.diff(np.append(firsts, len(codes)))
    if (sizes > CHARACTERS - 1).any():
        raise ValueError("a run of a mask is longer than any frame")
    places = np.arange(len(codes)) - np.repeat(firsts, sizes)
    values: Counts = np.zeros(len(firsts), dtype=np.int64)
    np.add.at(values, np.repeat(np.arange(len(firsts)), sizes), (codes & 31) << (5 * places))
    negative = (codes[firsts + sizes - 1] & 16) > 0
    values -= np.where(negative, np.int64(1) << (5 * sizes), 0)
    lengths: Counts = values.copy()
    lengths[1::2] = np.cumsum(values[1::2])
    lengths[2::2] = np.cumsum(values[2::2])
    return lengths
