"""The comparison with independent readers notices what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.readers import by_pycocotools, compare


def test_a_moved_box_and_a_lost_track_are_counted(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    seen = by_pycocotools(tmp_path)
    assert compare(seen) == ("20 of 20", "700 of 700, 700 seen")
    frame, box = seen[3][0]
    seen[3][0] = (frame, (box[0] + 1, *box[1:]))
    lost = len(seen.pop(20))
    assert compare(seen) == ("18 of 20", f"{699 - lost} of 700, {700 - lost} seen")
