from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.errors import InputError
from detectors.masks import Mask
from detectors.run_lengths import run_lengths
from tracker.annotations import coco
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.frame_extraction import image_stem
from training.data.dataset import load_dataset


def _video(name: str = "a", label: str = "car") -> Annotations:
    boxes = np.array([[1, 2, 11, 22.5], [2, 2, 12, 22.25], [5, 6, 7, 8]])
    track = AnnotatedTrack(
        3, label, np.array([1, 2, 4]), boxes, np.array([0.5, 0.25, 1]), np.array([False, True, False])
    )
    times = np.array([0, 0.1, 0.2, 0.4, 0.5])
    return Annotations(name, f"{name}.mp4", 64, 48, Fraction(30000, 1001), 5, ("person", label), [track], times)


def test_videos_read_back_equal(tmp_path: Path) -> None:
    written = [_video("a"), _video("b", "dog")]
    coco.write_many(written, tmp_path / "all.json")
    assert coco.recognises(tmp_path / "all.json")
    for before, after in zip(written, coco.read(tmp_path / "all.json"), strict=True):
        for name in ("name", "source", "width", "height", "frame_rate", "frame_count", "labels"):
            assert getattr(before, name) == getattr(after, name)
        np.testing.assert_array_equal(before.times, after.times)
        for mine, theirs in zip(before.tracks, after.tracks, strict=True):
            assert (mine.track_id, mine.label) == (theirs.track_id, theirs.label)
            for column in ("frames", "boxes", "scores", "filled"):
                np.testing.assert_array_equal(getattr(mine, column), getattr(theirs, column))


def test_training_reads_the_boxes(tmp_path: Path) -> None:
    coco.write(_video(), tmp_path / "annotations.json")
    for frame in range(1, 6):
        cv2.imwrite(str(tmp_path / f"{image_stem('a', frame)}.jpg"), np.zeros((48, 64, 3), np.uint8))
    images = load_dataset(tmp_path).images
    assert [len(image.boxes) for image in images] == [1, 1, 0, 1, 0]
    np.testing.assert_allclose(images[0].boxes, [[1, 2, 11, 22.5]])


@pytest.mark.parametrize(
    ("old", "new"), [('"bbox": [1.0', '"bbox": ["x"'), ('"image_id": 2', '"image_id": 1'), ("]\n}", "")]
)
def test_a_bad_file_is_named(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "a.json"
    coco.write(_video(), path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json"):
        coco.read(path)


def test_pycocotools_reads_two_videos(tmp_path: Path) -> None:
    reader = pytest.importorskip("pycocotools.coco")
    coco.write_many([_video("a"), _video("b")], tmp_path / "all.json")
    read = reader.COCO(str(tmp_path / "all.json"))
    assert len(read.imgs) == 10
    (entry,) = read.loadAnns(read.getAnnIds(imgIds=[7]))
    assert (entry["track_id"], entry["bbox"]) == (3, [2, 2, 10, 20.25])


def _with_keypoints(points: np.ndarray) -> Annotations:
    video = _video()
    return replace(video, tracks=[replace(video.tracks[0], columns={"keypoints": points})])


def test_keypoints_read_back_equal_and_missing_ones_stay_missing(tmp_path: Path) -> None:
    points = np.array([[[1.5, 2, 0.75], [3, 4, 0.25]], [[np.nan, np.nan, 0], [5, 6, 1]], [[np.nan] * 3] * 2])
    coco.write(_with_keypoints(points), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["annotations"][0]["keypoints"] == [1.5, 2, 2, 3, 4, 1]
    assert document["annotations"][1]["num_keypoints"] == 1
    assert "keypoints" not in document["annotations"][2]
    assert document["categories"][1]["keypoints"] == ["keypoint_1", "keypoint_2"]
    np.testing.assert_array_equal(coco.read(tmp_path / "a.json")[0].tracks[0].columns["keypoints"], points)


def test_keypoints_that_a_person_labelled_keep_their_visibility(tmp_path: Path) -> None:
    points = np.array([[[1.0, 2, 1], [3, 4, 0.5], [np.nan, np.nan, 0]]] * 3)
    coco.write(_with_keypoints(points), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    for entry in document["annotations"]:
        assert entry["keypoints"] == [1, 2, 2, 3, 4, 1, 0, 0, 0]
        del entry["keypoint_scores"]  # as in the files of others
    (tmp_path / "b.json").write_text(json.dumps(document))
    np.testing.assert_array_equal(coco.read(tmp_path / "b.json")[0].tracks[0].columns["keypoints"], points)


def test_the_keypoints_of_people_have_names_and_a_skeleton(tmp_path: Path) -> None:
    coco.write(_with_keypoints(np.ones((3, 17, 2))), tmp_path / "a.json")
    category = json.loads((tmp_path / "a.json").read_text())["categories"][1]
    assert category["keypoints"][:2] == ["nose", "left_eye"]
    assert [16, 14] in category["skeleton"]


def _with_masks(masks: list[Mask | None]) -> Annotations:
    video = _video()
    return replace(video, tracks=[replace(video.tracks[0], columns={"masks": masks})])


def test_masks_read_back_equal_and_missing_ones_stay_missing(tmp_path: Path) -> None:
    masks = [Mask.pack(np.array([[1, 0, 1], [1, 1, 1]], bool), 5, 7), None, Mask.pack(np.ones((3, 2), bool), 0, 0)]
    coco.write(_with_masks(masks), tmp_path / "a.json")
    entries = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert entries[0]["area"] == 5
    assert "segmentation" not in entries[1]
    assert coco.read(tmp_path / "a.json")[0].tracks[0].columns["masks"] == masks


def test_masks_of_others_are_read_as_polygons_and_plain_run_lengths(tmp_path: Path) -> None:
    mask = Mask.pack(np.ones((3, 2), bool), 4, 5)
    coco.write(_with_masks([mask] * 3), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    video = _video()
    counts = run_lengths(mask, video.height, video.width).tolist()
    document["annotations"][0]["segmentation"] = [[4, 5, 6, 5, 6, 8, 4, 8]]
    document["annotations"][1]["segmentation"] = {"size": [video.height, video.width], "counts": counts}
    document["annotations"][2]["segmentation"] = []
    (tmp_path / "a.json").write_text(json.dumps(document))
    read = coco.read(tmp_path / "a.json")[0].tracks[0].columns["masks"]
    assert read[2] is None
    np.testing.assert_array_equal(read[0].on_frame(20, 20), mask.on_frame(20, 20))
    assert read[1] == mask


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("x", "neither run lengths nor polygons"),
        ({"size": [3, 3], "counts": "9"}, "is not of a frame"),
        ({"counts": "9"}, "do not fill"),
        ([[1, 2]], "three points"),
    ],
)
def test_bad_masks_are_named(tmp_path: Path, bad: object, words: str) -> None:
    coco.write(_with_masks([Mask.pack(np.ones((3, 2), bool), 4, 5)] * 3), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["annotations"][1]["segmentation"] = bad
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=rf"annotations\[1\]: .*{words}"):
        coco.read(tmp_path / "a.json")


def test_masks_that_unpack_to_more_than_any_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.limits.MASK_PIXELS", 10)
    monkeypatch.setattr("detectors.limits.MASK_DENSITY", 1)
    coco.write(_with_masks([Mask.pack(np.ones((9, 9), bool), 4, 5)] * 3), tmp_path / "a.json")
    with pytest.raises(InputError, match="more pixels than a file of that size"):
        coco.read(tmp_path / "a.json")


@pytest.mark.parametrize("bad", [[1, 2], "x", [1, 2, "v"], [1, 1e300, 2]])
def test_bad_keypoints_are_named(tmp_path: Path, bad: object) -> None:
    coco.write(_with_keypoints(np.ones((3, 1, 3))), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["annotations"][1]["keypoints"] = bad
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="keypoints"):
        coco.read(tmp_path / "a.json")
