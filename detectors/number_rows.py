"""Rows of numbers in text files, whatever separates them: commas, semicolons, tabs or spaces."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from detectors.errors import InputError

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
FRAME = ("frame", "fn", "frame_id", "frame_number", "frame_index")
IDENTITY = ("id", "track", "track_id", "trackid", "object_id", "target_id")
LEFT = ("x", "left", "x1", "xmin", "bb_left", "bbox_x", "bb_x", "bb_x1")
CORNER = ("x2", "xmax", "right", "bb_right", "bb_x2")
ORDER = "write frame,id,x,y,w,h,..., x and y of the top left corner"


def read_text(path: Path, remedy: str) -> str:
    """The text of a file in UTF-8 or, if it begins with its mark, UTF-16. remedy: what to do when it cannot be read.

    Raises InputError.
    """
    try:
        content = path.read_bytes()
        return content.decode(encoding_of(content))
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise InputError(path, f"cannot be read: {reason}", remedy) from None


def encoding_of(content: bytes) -> str:
    """The encoding of a text, by the mark that it may begin with."""
    return "utf-16" if content.startswith(UTF16) else "utf-8-sig"


def split_rows(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The line number, from 1, and the fields of each row. name: what errors call the text.

    The first row tells what separates fields; a separator at a row's end ends no further field. Blank lines, lines that
    begin with # and a first line of column names are left out. Raises InputError for names in another order than
    frame,id,x,y,w,h.
    """
    separator, first = None, True
    for number, line in enumerate(text.splitlines(), start=1):
        row = line.strip().rstrip(",;").rstrip()
        if not row or row.startswith("#"):
            continue
        if first:
            separator = _separator(row)
        fields = [field.strip() for field in row.split(separator)]
        if not (first and _are_names(fields, f"{name}:{number}")):
            yield number, fields
        first = False


def _separator(row: str) -> str | None:
    """What separates the fields of a row; None is white space."""
    return next((each for each in ",;" if each in row), None)


def _are_names(fields: list[str], where: str) -> bool:
    """Whether fields are names of columns. Raises InputError for an order that would be misread."""
    names = [field.strip("\"' ").lower() for field in fields]
    if names[0] not in FRAME:
        return False
    corner = next((name for name in names if name in CORNER), None)
    if corner is not None:
        raise InputError(where, f"the columns have a {corner!r}, and boxes are x, y, width, height", ORDER)
    for place, known in ((1, IDENTITY), (2, LEFT)):
        at = next((at for at, name in enumerate(names) if name in known), place)
        if at != place:
            raise InputError(where, f"{names[at]!r} is column {at + 1}, not {place + 1}", ORDER)
    return True
