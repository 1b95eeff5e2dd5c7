from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import yolo
from tracker.annotations.frame_extraction import extract_frames
from tracker.annotations.training_set import write_yolo_index
from training.data.dataset import load_dataset


def test_a_folder_reads_back(tmp_path: Path) -> None:
    yolo.write(_video(), tmp_path)
    assert yolo.recognises(tmp_path)
    (after,) = yolo.read(tmp_path)
    (before,), (track,) = _video().tracks, after.tracks
    assert (track.track_id, track.label, after.frame_rate) == (3, "car", _video().frame_rate)
    np.testing.assert_array_equal(track.frames, before.frames)
    np.testing.assert_array_equal(track.scores, before.scores)
    np.testing.assert_allclose(track.boxes, before.boxes, atol=1e-5)


def test_training_reads_labels_beside_extracted_pictures(tmp_path: Path) -> None:
    clip = tmp_path / "clip"
    clip.mkdir()
    for frame in range(5):
        cv2.imwrite(str(clip / f"{frame}.png"), np.zeros((48, 64, 3), np.uint8))
    yolo.write(_video(), tmp_path / "set")
    extract_frames(_video(), clip, tmp_path / "set" / "images")
    images = load_dataset(tmp_path / "set").images
    assert [len(image.boxes) for image in images] == [1, 1, 0, 1, 0]
    np.testing.assert_allclose(images[1].boxes, [[2, 2, 12, 22.25]], atol=1e-5)


def test_rows_without_track_numbers_are_refused(tmp_path: Path) -> None:
    yolo.write(_video(), tmp_path)
    (tmp_path / "tracks" / "a_000001.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a_000001\.txt:1: has no track number"):
        yolo.read(tmp_path)


def test_a_correction_that_names_no_track_is_not_lost(tmp_path: Path) -> None:
    yolo.write(_video(), tmp_path)
    (tmp_path / "labels" / "a_000002.txt").write_text("1 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"labels/a_000002\.txt: is not what tracks/"):
        yolo.read(tmp_path)


def test_an_earlier_video_leaves_nothing_in_the_folder(tmp_path: Path) -> None:
    yolo.write(_video("old"), tmp_path)
    yolo.write(_video("new"), tmp_path)
    assert not list(tmp_path.rglob("old_*"))
    (after,) = yolo.read(tmp_path)
    assert after.name == "new"


def test_labels_of_somebody_else_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "mine.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.txt: is in the way"):
        yolo.write(_video(), tmp_path)


@pytest.mark.parametrize(
    ("boxes", "held"),
    [
        ({"a": 3}, []),
        ({"a": 3, "b": 0}, []),
        ({"a": 3, "b": 4}, ["b"]),
        ({"a": 3, "b": 4, "c": 0}, ["b"]),
        (dict.fromkeys("abcdefghijkl", 1), ["e", "j"]),
    ],
)
def test_whole_videos_with_boxes_are_held_back(tmp_path: Path, boxes: dict[str, int], held: list[str]) -> None:
    yaml = pytest.importorskip("yaml")
    assert write_yolo_index(tmp_path, boxes, ["a, b", "#c"]) == held
    data = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert data["names"] == {0: "a, b", 1: "#c"}
    assert set(data["train"]) | set(data["val"]) == {f"{name}/images" for name in boxes}
    assert data["val"] == ([f"{name}/images" for name in held] or data["train"])
