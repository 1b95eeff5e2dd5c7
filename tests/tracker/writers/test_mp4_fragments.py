"""What is left of an mp4 whose end was not written: whole fragments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.writers.mp4_fragments import cut_torn_fragment


def box(kind: bytes, content: int, long: bool = False) -> bytes:
    length = content + (16 if long else 8)
    head = (1).to_bytes(4, "big") + kind + length.to_bytes(8, "big") if long else length.to_bytes(4, "big") + kind
    return head + b"x" * content


HEAD = box(b"ftyp", 20) + box(b"moov", 500)
FRAGMENT = box(b"moof", 90) + box(b"mdat", 3000)
LONG = box(b"moof", 90) + box(b"mdat", 3000, long=True)


def left_of(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    cut_torn_fragment(path)
    return path.read_bytes()


@pytest.mark.parametrize("torn", [1, 7, 8, 50, 98, 99, 106, 2000, len(FRAGMENT) - 1])
@pytest.mark.parametrize("whole", [HEAD, HEAD + FRAGMENT, HEAD + LONG + FRAGMENT])
def test_a_torn_fragment_is_cut_off(whole: bytes, torn: int, tmp_path: Path) -> None:
    assert left_of(tmp_path / "a.mp4", whole + FRAGMENT[:torn]) == whole


def test_what_is_no_box_is_cut_off(tmp_path: Path) -> None:
    assert left_of(tmp_path / "a.mp4", HEAD + FRAGMENT + b"\0" * 100) == HEAD + FRAGMENT
    assert left_of(tmp_path / "a.mp4", HEAD + FRAGMENT + box(b"abcd", 9)) == HEAD + FRAGMENT


@pytest.mark.parametrize("data", [b"", HEAD + FRAGMENT, HEAD[:100], b"something else, and not short either"])
def test_a_whole_file_and_one_without_a_header_stay(data: bytes, tmp_path: Path) -> None:
    assert left_of(tmp_path / "a.mp4", data) == data


def test_no_file_is_no_error(tmp_path: Path) -> None:
    cut_torn_fragment(tmp_path / "missing.mp4")
    assert list(tmp_path.iterdir()) == []
