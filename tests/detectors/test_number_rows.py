"""Rows of numbers as many programs write them: all of these say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.errors import InputError
from detectors.number_rows import read_text, split_rows

EXPECTED = [["1", "7", "20.5", "100", "40", "80", "0.9"], ["2", "7", "23", "100", "40", "80", ".8"]]
LINES = [",".join(row) for row in EXPECTED]
NAMES = "frame,id,bb_left,bb_top,bb_width,bb_height,conf"


def rows_of(path: Path, content: bytes) -> list[list[str]]:
    path.write_bytes(content)
    return [fields for _, fields in split_rows(str(path), read_text(path, "mend it"))]


@pytest.mark.parametrize("separator", [",", ", ", " ", "  ", "\t", ";", "; ", " , ", " \t "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\r\r\n"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, end: str) -> None:
    for lines in (LINES, [NAMES, *LINES], ["# made by hand", *LINES], [f"{line}," for line in LINES]):
        text = end.join(lines).replace(",", separator)
        assert rows_of(tmp_path / "a.txt", text.encode()) == EXPECTED
        assert rows_of(tmp_path / "a.txt", f"  {text}{end}".encode()) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert rows_of(tmp_path / "a.txt", "\r\n".join([NAMES, *LINES]).encode(encoding)) == EXPECTED


def test_lines_are_counted_as_an_editor_does() -> None:
    assert [number for number, _ in split_rows("a", f"# x\n\n{NAMES}\n{LINES[0]}\n\n{LINES[1]}\n")] == [4, 6]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("frame,id,x1,y1,x2,y2,conf", "have a 'x2', and boxes are x, y, width, height"),
        ("frame,x,y,w,h,id,conf", "'id' is column 6, not 2"),
        ("frame,id,class,x,y,w,h", "'x' is column 4, not 3"),
    ],
)
def test_columns_in_another_order_are_refused(names: str, why: str) -> None:
    with pytest.raises(InputError, match=f"a:1: .*{why}"):
        list(split_rows("a", f"{names}\n{LINES[0]}\n"))


def test_what_is_no_line_of_names_is_a_row() -> None:
    assert [fields for _, fields in split_rows("a", "<html>\nname,id\n")] == [["<html>"], ["name,id"]]
