"""Pictures that say they are larger than memory, and sequences with odd settings."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from detectors import InputError
from tracker.sources import open_source


def png(width: int, height: int, rows: int | None = None, bits: int = 8) -> bytes:
    """A black PNG that says it has that size; rows: that it really has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    row = b"\0" * (1 + width * bits // 8)
    data = zlib.compress(row * (height if rows is None else rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("bomb", [png(65000, 65000, 1), png(32000, 32000, 1, bits=1), png(20_000, 20_000, 1)])
def test_a_picture_larger_than_memory_is_refused_first_and_left_out_later(tmp_path: Path, bomb: bytes) -> None:
    (tmp_path / "2.png").write_bytes(bomb)
    with pytest.raises(InputError, match=r"2\.png: is larger than 150 million pixels"):
        open_source(tmp_path)
    for name in ("1.png", "3.png"):
        (tmp_path / name).write_bytes(png(64, 48))
    source = open_source(tmp_path)
    assert [frame.index for frame in source.frames] == [1, 3]
    assert source.warnings == [f"{tmp_path / '2.png'}: 1 of 3 images could not be read"]


def test_the_first_picture_that_can_be_read_tells_the_size(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "2.png").write_bytes(b"no picture")
    for name in ("3.png", "4.png"):
        (tmp_path / name).write_bytes(png(64, 48))
    source = open_source(tmp_path)
    assert (source.width, source.height, source.frame_count) == (64, 48, 4)
    assert [(frame.index, frame.time) for frame in source.frames] == [(3, 2 / 30), (4, 3 / 30)]
    assert source.warnings == [f"{tmp_path / '1.png'}: 2 of 4 images could not be read"]


def test_what_macos_puts_beside_pictures_is_none_of_them(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"{number}.png").write_bytes(png(64, 48))
        (tmp_path / f"._{number}.png").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    for source in (
        open_source(tmp_path),
        open_source(str(tmp_path / "*.png")),
        open_source(str(tmp_path / "*[0-9].png")),
    ):
        assert [frame.index for frame in source.frames] == [1, 2, 3]
        assert source.warnings == []


def sequence(folder: Path, *settings: str) -> Path:
    (folder / "seqinfo.ini").write_text("\n".join(["[Sequence]", *settings]))
    return folder


def test_a_folder_of_pictures_may_be_named_with_a_percent_sign(tmp_path: Path) -> None:
    (tmp_path / "100%").mkdir()
    (tmp_path / "100%" / "1.png").write_bytes(png(64, 48))
    source = open_source(sequence(tmp_path, "frameRate=25", "seqLength=1", "imDir=100%"))
    assert (source.width, source.height, len(list(source.frames))) == (64, 48, 1)


@pytest.mark.parametrize("rate", ["1e999999999", "1e-999999999", "nan", "-25", "1/0", "9" * 9999, "0", "twenty", "1e7"])
def test_rates_beyond_reason_are_refused_at_once(tmp_path: Path, rate: str) -> None:
    with pytest.raises(InputError, match=r"seqinfo\.ini: cannot be understood: .*frames a second"):
        open_source(sequence(tmp_path, f"frameRate={rate}", "seqLength=1"))


def test_rates_as_people_write_them(tmp_path: Path) -> None:
    for rate, expected in (("25", 25), ("29.97", 29.97), ("30000/1001", 30000 / 1001), ("2.5e1", 25)):
        source = open_source(sequence(tmp_path, f"frameRate={rate}", "seqLength=1"))
        assert float(source.frame_rate) == pytest.approx(expected, abs=1e-12)
