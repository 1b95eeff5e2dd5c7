"""The same tracks give the same bytes, also where an earlier file is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracker.annotations.test_coco import _video
from tracker.annotations.formats import FORMATS, write_formats


def _bytes(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_tracks_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        places = write_formats([FORMATS[name]], _video(), tmp_path / folder)
        assert all(place.exists() for place in places)
        written.append(_bytes(tmp_path / folder))
    write_formats([FORMATS[name]], _video(), tmp_path / "one")
    assert written[0] == written[1] == _bytes(tmp_path / "one")
