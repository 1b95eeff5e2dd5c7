"""MOTS text: ``frame id class height width rle`` a line, the mask as COCO's text of run lengths.

Frames from 1. Classes: 1 car, 2 pedestrian, 10 a region in which nobody counts. (Voigtlaender et al., "MOTS:
Multi-object tracking and segmentation", 2019, and the documentation of its format.)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from detectors import limits
from detectors.errors import InputError
from detectors.masks import Mask, shared_pixels
from detectors.number_rows import read_text
from detectors.run_lengths import decode

CAR, PEDESTRIAN, IGNORED = 1, 2, 10
ROW = "rows are: frame id class height width rle"
FIELDS = 6


@dataclass(frozen=True)
class MotsRow:
    """One mask of a frame. line: its number in the file. size: height and width of the frame."""

    line: int
    frame: int
    track_id: int
    class_id: int
    size: tuple[int, int]
    mask: Mask


def looks_like_mots(path: Path) -> bool:
    """Whether the first line of a file is one of MOTS text."""
    try:
        with path.open("rb") as file:
            fields = file.readline(100_000).split()
    except OSError:
        return False
    return len(fields) == FIELDS and all(field.isdigit() for field in fields[:5]) and not fields[5].isdigit()


def read_mots(path: Path) -> list[MotsRow]:
    """The rows of a file. Raises InputError, naming the line, for anything else."""
    rows: list[MotsRow] = []
    pixels = limits.MASK_PIXELS
    for number, line in enumerate(read_text(path, ROW).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = _row(number, line.split())
            pixels += limits.MASK_DENSITY * len(line) - row.mask.height * row.mask.width
            if pixels < 0:
                raise ValueError("the masks have more pixels than a file of that size")
        except ValueError as error:
            raise InputError(f"{path}:{number}", f"is no row of MOTS text: {error}", ROW) from None
        rows.append(row)
    return rows


def _row(number: int, fields: list[str]) -> MotsRow:
    if len(fields) != FIELDS:
        raise ValueError(f"it has {len(fields)} columns, not {FIELDS}")
    for name, field in zip(("frame", "id", "class", "height", "width"), fields, strict=False):
        if not field.isdecimal() or len(field) > limits.DIGITS:
            raise ValueError(f"{name} is {field[: limits.SHOWN]!r}, no whole number")
    frame, track_id, class_id, height, width = map(int, fields[:5])
    if not 1 <= frame <= limits.FRAMES:
        raise ValueError(f"frame {frame} cannot be: they count from 1")
    mask = decode({"size": [height, width], "counts": fields[5]})
    return MotsRow(number, frame, track_id, class_id, (height, width), mask)


def rows_by_frame(path: Path, rows: list[MotsRow]) -> dict[int, list[MotsRow]]:
    """The rows of each frame. Raises InputError for an id that is there twice, and for masks that overlap.

    In MOTS each pixel belongs to one object at most, and TrackEval refuses results in which one belongs to two.
    """
    frames: defaultdict[int, list[MotsRow]] = defaultdict(list)
    for row in rows:
        for other in frames[row.frame]:
            if IGNORED not in (row.class_id, other.class_id) and row.track_id == other.track_id:
                raise InputError(f"{path}:{row.line}", f"track {row.track_id} is in frame {row.frame} twice", ROW)
            both_ignored = row.class_id == other.class_id == IGNORED
            if not both_ignored and shared_pixels(row.mask, other.mask):
                why = f"its mask overlaps that of line {other.line}, and in MOTS a pixel belongs to one object"
                raise InputError(f"{path}:{row.line}", why, "give each pixel to the object in front")
        frames[row.frame].append(row)
    return frames
