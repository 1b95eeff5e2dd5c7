from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import fiftyone, yolo


def test_a_folder_reads_back(tmp_path: Path) -> None:
    fiftyone.write(_video(), tmp_path)
    assert fiftyone.recognises(tmp_path)
    assert not yolo.recognises(tmp_path)
    (after,) = fiftyone.read(tmp_path)
    before, (track,) = _video(), after.tracks
    for name in ("name", "source", "width", "height", "frame_rate", "frame_count", "labels"):
        assert getattr(before, name) == getattr(after, name)
    np.testing.assert_array_equal(before.times, after.times)
    assert (track.track_id, track.label) == (3, "car")
    np.testing.assert_array_equal(track.frames, before.tracks[0].frames)
    np.testing.assert_array_equal(track.filled, before.tracks[0].filled)
    np.testing.assert_allclose(track.boxes, before.tracks[0].boxes, atol=1e-6)


def test_what_fiftyone_exports_is_read(tmp_path: Path) -> None:
    metadata = {"frame_width": 64, "frame_height": 48, "frame_rate": 25.0, "total_frame_count": 3}
    sample = {"_id": {"$oid": "5"}, "filepath": "data/a.mp4", "metadata": metadata}
    box = {"label": "car", "bounding_box": [0.5, 0.5, 0.25, 0.5], "confidence": None, "index": 2}
    frame = {"_sample_id": {"$oid": "5"}, "frame_number": 2, "detections": {"detections": [box]}}
    (tmp_path / "samples.json").write_text(json.dumps({"samples": [sample]}), encoding="utf-8")
    (tmp_path / "frames.json").write_text(json.dumps({"frames": [frame]}), encoding="utf-8")
    (after,) = fiftyone.read(tmp_path)
    assert (after.name, after.source, list(after.labels), float(after.frame_rate)) == ("a", "a.mp4", ["car"], 25.0)
    np.testing.assert_allclose(after.tracks[0].boxes, [[32, 24, 48, 48]])


def test_a_box_without_a_track_number_is_named(tmp_path: Path) -> None:
    fiftyone.write(_video(), tmp_path)
    file = tmp_path / "frames" / "video.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"index": 3', '"index": null'), encoding="utf-8")
    with pytest.raises(InputError, match=r"samples\.json: samples\[0\].*index is None"):
        fiftyone.read(tmp_path)


@pytest.mark.parametrize("metadata", [None, {}, {"frame_rate": 25.0}])
def test_an_export_without_metadata(tmp_path: Path, metadata: dict[str, float] | None) -> None:
    sample = {"_id": {"$oid": "5"}, "filepath": "data/a.mp4", "metadata": metadata}
    box = {"label": "car", "bounding_box": [0.5, 0.5, 0.25, 0.5], "confidence": 1.0000001, "index": 2}
    frame = {"_sample_id": {"$oid": "5"}, "frame_number": 2, "detections": {"detections": [box]}}
    (tmp_path / "samples.json").write_text(json.dumps({"samples": [sample]}), encoding="utf-8")
    (tmp_path / "frames.json").write_text(json.dumps({"frames": [frame]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"samples\[0\]: does not say how large its video is.*--video"):
        fiftyone.read(tmp_path)
    (after,) = fiftyone.read(tmp_path, lambda name, source: (64, 48))
    np.testing.assert_allclose(after.tracks[0].boxes, [[32, 24, 48, 48]])
    assert after.frame_count == 2
