"""Labelled pictures: both formats give the same, and every fault is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detectors import InputError
from training.data.dataset import load_dataset, load_datasets


def write_pictures(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((60, 100, 3), np.uint8))


def coco(folder: Path, **changes: Any) -> Path:
    """A small COCO set: two pictures, three boxes; `changes` replace parts of the document."""
    write_pictures(folder / "images", ["a.jpg", "b.jpg"])
    document = {
        "categories": [{"id": 3, "name": "car"}, {"id": 7, "name": "cat"}],
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 100, "height": 60},
            {"id": 2, "file_name": "b.jpg", "width": 100, "height": 60, "labelled_category_ids": [7]},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40]},
            {"id": 2, "image_id": 1, "category_id": 7, "bbox": [0, 0, 100, 60], "iscrowd": 1},
            {"id": 3, "image_id": 2, "category_id": 7, "bbox": [5, 5, 10, 10]},
        ],
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps({**document, **changes}))
    return path


def yolo(folder: Path, rows: dict[str, str] | None = None) -> Path:
    write_pictures(folder / "images", ["a.jpg", "b.jpg"])
    (folder / "labels").mkdir()
    (folder / "classes.txt").write_text("car\ncat\n")
    for name, text in (rows or {"a": "0 0.25 0.6666666667 0.3 0.6666666667\n\n1 0.5 0.5 1 1\n"}).items():
        (folder / "labels" / f"{name}.txt").write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def annotation(**changes: Any) -> dict[str, Any]:
    return {"id": 9, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40], **changes}


def test_coco_is_read(tmp_path: Path) -> None:
    for path in (coco(tmp_path), tmp_path):
        dataset = load_dataset(path)
        first, second = dataset.images
        assert dataset.class_names == ("car", "cat")
        assert first.boxes.tolist() == [[10, 20, 40, 60], [0, 0, 100, 60]]
        assert first.class_ids.tolist() == [0, 1]
        assert first.difficult.tolist() == [False, True]
        assert (first.labelled.tolist(), second.labelled.tolist()) == ([True, True], [False, True])


def test_yolo_gives_the_same_boxes_as_coco(tmp_path: Path) -> None:
    ours, other = load_dataset(yolo(tmp_path / "yolo")), load_dataset(coco(tmp_path / "coco"))
    assert ours.class_names == other.class_names
    assert np.allclose(ours.images[0].boxes, other.images[0].boxes, atol=1e-6)
    assert ours.images[0].class_ids.tolist() == [0, 1]
    assert len(ours.images[1].boxes) == 0
    assert (ours.images[0].width, ours.images[0].height) == (100, 60)


def test_a_part_is_chosen_by_file_names(tmp_path: Path) -> None:
    part = load_dataset(coco(tmp_path)).only(["b.jpg"])
    assert [image.path.name for image in part.images] == ["b.jpg"]


COCO_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown class": ({"annotations": [annotation(category_id=99)]}, "annotation 9: has the unknown class 99"),
    "unknown picture": ({"annotations": [annotation(image_id=99)]}, "annotation 9: belongs to no picture"),
    "outside": ({"annotations": [annotation(bbox=[90, 10, 30, 10])]}, "annotation 9: the box .* outside"),
    "no area": ({"annotations": [annotation(bbox=[9, 10, 0, 10])]}, "annotation 9: the box .* has no area"),
    "missing picture": (
        {"images": [{"id": 1, "file_name": "z.jpg", "width": 9, "height": 9}], "annotations": []},
        r"z\.jpg: is missing",
    ),
    "no box": ({"annotations": []}, "no labelled object"),
    "no images": ({"images": None}, "is no COCO file"),
    "an endless number": ({"categories": [{"id": 1e999, "name": "car"}]}, "is no COCO file"),
}


@pytest.mark.parametrize("fault", COCO_FAULTS)
def test_a_fault_in_coco_is_named(tmp_path: Path, fault: str) -> None:
    changes, why = COCO_FAULTS[fault]
    with pytest.raises(InputError, match=why):
        load_dataset(coco(tmp_path, **changes))


YOLO_FAULTS = {
    "unknown class": ("0 .5 .5 .1 .1\n5 .5 .5 .1 .1\n", r"a\.txt:2: has the unknown class 5"),
    "fraction of a class": ("0.5 .5 .5 .1 .1\n", r"a\.txt:1: has the unknown class"),
    "outside": ("0 .95 .5 .5 .1\n", r"a\.txt:1: the box .* outside"),
    "no area": ("0 .5 .5 0 .1\n", r"a\.txt:1: the box .* no area"),
    "columns": ("0 .5 .5 .1\n", r"a\.txt:1: .* is no label"),
    "text": ("car .5 .5 .1 .1\n", r"a\.txt:1: .* is no label"),
    "overflow": ("0 1e308 .5 1e308 .1\n", r"a\.txt:1: the box .* outside"),
    "no text": ("0 .5 .5 .1 \udcff\n", r"a\.txt: cannot be read"),
    "not finite": ("0 nan .5 .1 .1\n", r"a\.txt:1: .* is no label"),
}


@pytest.mark.parametrize("fault", YOLO_FAULTS)
def test_a_fault_in_yolo_is_named_with_its_line(tmp_path: Path, fault: str) -> None:
    text, why = YOLO_FAULTS[fault]
    with pytest.raises(InputError, match=why):
        load_dataset(yolo(tmp_path, {"a": text}))


def test_a_mark_before_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    folder = yolo(tmp_path)
    for file in (folder / "classes.txt", folder / "labels" / "a.txt"):
        file.write_text(file.read_text(), encoding="utf-8-sig")
    dataset = load_dataset(folder)
    assert dataset.class_names == ("car", "cat")
    assert dataset.images[0].class_ids.tolist() == [0, 1]


def test_labels_without_a_picture_and_missing_names_are_told(tmp_path: Path) -> None:
    folder = yolo(tmp_path / "one", {"c": "0 .5 .5 .1 .1\n"})
    with pytest.raises(InputError, match=r"c\.txt: has no picture"):
        load_dataset(folder)
    (folder / "classes.txt").write_text("\n")
    with pytest.raises(InputError, match=r"classes\.txt: is empty"):
        load_dataset(folder)
    (folder / "classes.txt").unlink()
    with pytest.raises(InputError, match=r"classes\.txt: is missing"):
        load_dataset(folder)
    with pytest.raises(InputError, match="is no data set"):
        load_dataset(tmp_path / "one" / "images")


def test_several_sets_become_one_with_the_classes_of_the_first(tmp_path: Path) -> None:
    first = coco(tmp_path / "first").parent
    second = yolo(tmp_path / "second", {"a": "0 .5 .5 .1 .1\n"})
    (second / "classes.txt").write_text("cat\n")
    write_pictures(tmp_path / "third" / "images", ["c.jpg"])
    write_pictures(tmp_path / "fourth", ["d.png"])
    (tmp_path / "fourth" / "notes.txt").write_text("no picture")
    dataset = load_datasets([first, second, tmp_path / "third", tmp_path / "fourth"])
    assert dataset.class_names == ("car", "cat")
    assert [image.path.name for image in dataset.images] == ["a.jpg", "b.jpg", "a.jpg", "b.jpg", "c.jpg", "d.png"]
    cat, bare = dataset.images[2], dataset.images[4]
    assert cat.class_ids.tolist() == [1]
    assert cat.labelled.tolist() == [False, True]
    assert (bare.width, bare.height, len(bare.boxes), bare.labelled.tolist()) == (100, 60, 0, [False, False])
    assert [image.source for image in dataset.images[4:]] == ["third", "fourth"]
    assert all(image.scores.tolist() == [1.0] * len(image.boxes) for image in dataset.images)


def test_a_set_that_does_not_fit_the_first_is_refused(tmp_path: Path) -> None:
    first = yolo(tmp_path / "first")
    second = yolo(tmp_path / "second")
    (second / "classes.txt").write_text("car\ndog\n")
    with pytest.raises(InputError, match="has a class that the first set has not: dog"):
        load_datasets([first, second])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no pictures"):
        load_datasets([first, tmp_path / "empty"])
    (tmp_path / "empty" / "a.png").write_bytes(b"junk")
    with pytest.raises(InputError, match="is not a picture"):
        load_datasets([first, tmp_path / "empty"])


def test_a_real_data_set_is_read(shared: Path) -> None:
    dataset = load_dataset(shared / "trainset")
    part = dataset.only((shared / "trainset" / "val.txt").read_text().split())
    assert dataset.class_names == ("person", "bicycle", "car", "motorcycle", "bus", "truck")
    assert (len(dataset.images), len(part.images)) == (2951, 274)
