"""Files that are cut, garbled or mixed up: one clear error, or annotations that are well-formed; nothing else."""

from __future__ import annotations

import io
import random
import shutil
import zipfile
from pathlib import Path

import pytest

from detectors.errors import InputError
from tests.tracker.annotations.test_bad_values import assert_well_formed
from tests.tracker.annotations.test_coco import _video
from tracker.annotations.formats import FORMATS, format_of
from tracker.annotations.mot_archive import PLACES

TIMES = 200  # of each file
FILES = [
    ("mot", "a.txt", ""),
    ("mot", "a.zip", ""),
    ("mot", "a", "gt/gt.txt"),
    ("mot", "a", "gt/labels.txt"),
    ("mot", "a", "seqinfo.ini"),
    ("cvat", "a.xml", ""),
    ("coco", "a.json", ""),
    ("labelstudio", "a.json", ""),
    ("yolo", "a", "video.json"),
    ("yolo", "a", "tracks/a_000002.txt"),
    ("yolo", "a", "labels/a_000002.txt"),
    ("fiftyone", "a", "samples.json"),
    ("fiftyone", "a", "metadata.json"),
    ("fiftyone", "a", "frames/video.json"),
]
UNREAD = ("metadata.json",)  # FiftyOne's own, by which its folders are known
SPARE = (*UNREAD, "gt/labels.txt", "seqinfo.ini")  # which nobody needs
PIECES = [b"", b"9" * 20, b"-", b"null", b"\xff\xfe", b"1e999", b'"x"', b"[]", b"nan", b"\0", b"<", b"</track>", b"\n"]
PIECES += [b",", b"0", b'outside="1"', b"99999", b"{}", b"1/0", b"\xef\xbb\xbf", b"=", b"[Sequence]", b"-1"]


def _garbled(content: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(5)
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    if kind == 0:
        return content[:start]
    if kind == 1:
        return content[:start] + content[end:]
    if kind == 2:
        return content[:end] + content[start:end] + content[end:]
    end = min(end, start + chance.randrange(12))
    return content[:start] + chance.choice(PIECES) + content[end:]


def _is_refused(name: str, path: Path, *, forced: bool) -> bool:
    """Whether a file, read as what it seems to be or as a format that it was, is refused, by name, or has no video."""
    found = FORMATS[name] if forced else format_of(path)
    if found is None:
        return True
    try:
        videos = found.load().read(path)
    except InputError as error:
        assert str(path) in error.what  # noqa: PT017  # most files cannot be read, a few can
        return True
    for video in videos:
        assert_well_formed(video)
    return not videos


@pytest.mark.parametrize(("name", "place", "inside"), FILES)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, place: str, inside: str) -> None:
    whole = tmp_path / place
    FORMATS[name].load().write(_video(), whole)
    file = whole / inside if inside else whole
    content, chance = file.read_bytes(), random.Random(f"{name} {place} {inside}")
    refused = 0
    for _ in range(TIMES):
        file.write_bytes(_garbled(content, chance))
        refused += _is_refused(name, whole, forced=True)
        refused += _is_refused(name, whole, forced=False)
    assert (0 < refused < 2 * TIMES) == (inside not in UNREAD)


@pytest.mark.parametrize("member", PLACES[0])
def test_a_damaged_text_in_an_archive_is_named(tmp_path: Path, member: str) -> None:
    FORMATS["mot"].load().write(_video(), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    chance, refused = random.Random(member), 0
    for _ in range(TIMES):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, _garbled(text, chance) if name == member else text)
        (tmp_path / "a.zip").write_bytes(packed.getvalue())
        refused += _is_refused("mot", tmp_path / "a.zip", forced=False)
    assert 0 < refused < TIMES


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_file_of_another_format_is_no_trap(tmp_path: Path, name: str, other: str) -> None:
    path = tmp_path / f"a{Path(FORMATS[other].place).suffix}"
    FORMATS[other].load().write(_video(), path)
    readers = [FORMATS[each].load().read for each in (name, other)]  # polygons are read by the format of boxes
    assert _is_refused(name, path, forced=True) == (readers[0] is not readers[1])


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    for name, place, inside in FILES:
        if inside:
            FORMATS[name].load().write(_video(), tmp_path / place)
            (tmp_path / place / inside).unlink()
            assert _is_refused(name, tmp_path / place, forced=True) == (inside not in SPARE), inside
            shutil.rmtree(tmp_path / place)
