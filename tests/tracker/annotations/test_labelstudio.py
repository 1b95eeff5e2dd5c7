from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import coco, labelstudio


def test_a_track_with_a_gap_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    labelstudio.write(_video(), path)
    assert labelstudio.recognises(path)
    assert not coco.recognises(path)
    (after,) = labelstudio.read(path)
    (track,) = after.tracks
    assert (after.name, after.frame_rate, track.track_id, track.label) == ("a", _video().frame_rate, 3, "car")
    np.testing.assert_array_equal(track.frames, [1, 2, 4])
    np.testing.assert_allclose(track.boxes, _video().tracks[0].boxes)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    labelstudio.write(_video(), path)
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json"):
        labelstudio.read(path)
