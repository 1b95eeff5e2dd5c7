"""The end of an mp4 in fragments that could not be written to its end: it is cut off behind its last whole fragment.

A file is a row of boxes, each with its length and its type in front (ISO/IEC 14496-12, section 4.2); a fragment is a
`moof`, which tells what is in it, and the `mdat` behind it, which holds that (section 8.8).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

HEADER, LONG_HEADER = 8, 16  # bytes
BEFORE, INDEX, DATA = {b"ftyp", b"styp", b"free", b"sidx", b"moov"}, b"moof", b"mdat"


class Box(NamedTuple):
    """A box of the file's outermost level. end: bytes from the file's beginning."""

    kind: bytes
    end: int


def cut_torn_fragment(path: Path) -> None:
    """Cut a file in fragments off behind its last whole one; a file without any, and one that is whole, stay."""
    if not path.is_file():
        return
    with path.open("rb+") as file:
        size = os.fstat(file.fileno()).st_size
        end = _whole(file, size)
        if 0 < end < size:
            file.truncate(end)


def _whole(file: BinaryIO, size: int) -> int:
    """Where the last whole fragment ends, or the header where there is none; 0 where there is no header either."""
    end, indexed, header = 0, False, False
    for box in _boxes(file, size):
        header |= box.kind == b"moov"
        if box.kind in BEFORE or (box.kind == DATA and indexed):
            end = box.end
        indexed = box.kind == INDEX
    return end if header else 0


def _boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """The whole boxes at the beginning of a file."""
    start = 0
    while start + HEADER <= size:
        file.seek(start)
        head = file.read(LONG_HEADER)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < HEADER or start + length > size or (kind not in BEFORE and kind not in (INDEX, DATA)):
            return
        start += length
        yield Box(kind, start)
