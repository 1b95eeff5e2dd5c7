"""The comparison with independent readers notices what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from benchmarks.batch.readers import NEAR, READERS, ROUNDED, Seen, by_pycocotools, compare

LIGHT = ("motmetrics", "trackeval", "datumaro", "label-studio-sdk")  # the others need a database or torch


def test_a_moved_box_and_a_lost_track_are_counted(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    seen = by_pycocotools(tmp_path)
    assert compare(seen) == ("20 of 20", "700 of 700, 700 seen")
    frame, box = seen[3][0]
    seen[3][0] = (frame, (box[0] + 1, *box[1:]))
    lost = len(seen.pop(20))
    assert compare(seen) == ("18 of 20", f"{699 - lost} of 700, {700 - lost} seen")


@pytest.mark.parametrize(("name", "package", "reader"), [each for each in READERS if each[1] in LIGHT])
def test_readers_that_are_installed_see_all(
    tmp_path: Path, name: str, package: str, reader: Callable[[Path], Seen]
) -> None:
    try:
        version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package}, a reader of {name}, is not installed")
    assert compare(reader(tmp_path), ROUNDED.get(package, NEAR)) == ("20 of 20", "700 of 700, 700 seen")
