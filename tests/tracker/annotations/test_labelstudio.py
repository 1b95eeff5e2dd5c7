from __future__ import annotations

import json
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


def _task(**data: object) -> dict[str, object]:
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
    sequence = [{**box, "frame": 2, "enabled": True}, {**box, "x": 30, "frame": 4, "enabled": False}]
    value = {"framesCount": 10, "duration": 0.4, "sequence": sequence, "labels": ["Man"]}
    region = {"id": "q", "type": "videorectangle", "from_name": "box", "to_name": "video", "value": value}
    video = {"video": "/data/upload/1/0123abcd-clip.mp4"}
    return {"id": 1, "annotations": [{"was_cancelled": False, "result": [region]}], "data": video | data}


def test_what_people_draw_is_read_without_our_keys(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([_task(width=200, height=100)]), encoding="utf-8")
    assert labelstudio.recognises(path)
    (after,) = labelstudio.read(path)
    (track,) = after.tracks
    assert (after.name, after.frame_count, float(after.frame_rate), track.label) == ("clip", 10, 25.0, "Man")
    np.testing.assert_array_equal(track.frames, [2, 3, 4])
    np.testing.assert_allclose(track.boxes, [[20, 20, 80, 60], [40, 20, 100, 60], [60, 20, 120, 60]])


def test_the_video_may_have_another_name_and_a_task_may_stand_alone(tmp_path: Path) -> None:
    path, task = tmp_path / "export.json", _task(width=200, height=100)
    data: dict[str, object] = {"comment": "dark"}
    task["data"] = data | {"clip_url": "s3://bucket/clip.MP4?version=1", "width": 200, "height": 100}
    for tasks in (task, [task]):
        path.write_text(json.dumps(tasks), encoding="utf-8")
        assert labelstudio.recognises(path)
        (after,) = labelstudio.read(path)
        assert (after.name, len(after.tracks)) == ("clip", 1)


def test_an_export_that_leaves_out_too_much_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 1, "video": "clip.mp4", "box": [{"sequence": []}]}]), encoding="utf-8")
    with pytest.raises(InputError, match=r"task 0: has no data, as in a JSON-MIN export \(export it as JSON\)"):
        labelstudio.read(path)


def test_a_task_without_a_size_says_what_to_add(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([_task()]), encoding="utf-8")
    with pytest.raises(InputError, match=r"export\.json: task 0: does not say how large.*add --size"):
        labelstudio.read(path)


def test_a_size_that_the_task_does_not_say(tmp_path: Path) -> None:
    path, asked = tmp_path / "export.json", list[tuple[str, str]]()
    path.write_text(json.dumps([_task()]), encoding="utf-8")

    def known(name: str, source: str) -> tuple[int, int]:
        asked.append((name, source))
        return 200, 100

    np.testing.assert_allclose(labelstudio.read(path, known)[0].tracks[0].boxes[0], [20, 20, 80, 60])
    assert asked == [("clip", "/data/upload/1/0123abcd-clip.mp4")]
    (region,) = _task()["annotations"][0]["result"]  # type: ignore[index]
    task = _task() | {"annotations": [{"result": [region | {"original_width": 200, "original_height": 100}]}]}
    path.write_text(json.dumps([task]), encoding="utf-8")
    np.testing.assert_allclose(labelstudio.read(path)[0].tracks[0].boxes[0], [20, 20, 80, 60])


def test_a_length_that_the_task_does_not_say(tmp_path: Path) -> None:
    path, task = tmp_path / "export.json", _task(width=200, height=100)
    value = task["annotations"][0]["result"][0]["value"]  # type: ignore[index]
    del value["framesCount"], value["duration"]
    path.write_text(json.dumps([task, _task(width=200, height=100) | {"annotations": []}]), encoding="utf-8")
    found, empty = labelstudio.read(path)
    assert (found.frame_count, float(found.frame_rate), found.tracks[0].frames.tolist()) == (4, 0, [2, 3, 4])
    assert (empty.frame_count, len(empty.tracks)) == (0, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_export_whose_data_come_late(tmp_path: Path, encoding: str) -> None:
    path, task = tmp_path / "export.json", _task(width=200, height=100)
    path.write_bytes(json.dumps([{"meta": "x" * 9000} | task]).encode(encoding))
    assert labelstudio.recognises(path)
    assert len(labelstudio.read(path)[0].tracks) == 1


def test_label_studio_interpolates_to_the_same_boxes(tmp_path: Path) -> None:
    video = pytest.importorskip("label_studio_sdk._extensions.label_studio_tools.postprocessing.video")
    path = tmp_path / "a.json"
    labelstudio.write(_video(), path)
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    (region,) = video.extract_key_frames(task["predictions"][0]["result"])
    assert sorted(entry["frame"] for entry in region["value"]["sequence"]) == [1, 2, 4]


def test_the_configuration_fits_the_tasks(tmp_path: Path) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    path = tmp_path / "a.json"
    labelstudio.write(_video(), path)
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    config = interface.LabelInterface(labelstudio.configuration(("person", "car")))
    assert config.validate_prediction(task["predictions"][0])
