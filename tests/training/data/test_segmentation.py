"""Pictures with masks: the formats agree, what overlaps is painted in order, and what is wrong is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import cv2
import numpy as np

from detectors.errors import InputError
from tests.training.silhouettes import NAMES, SIZE, described, write_coco, write_indices, write_yolo
from training.data.segmentation import load_segmentation
from training.losses.masks import IGNORED


def test_every_format_tells_the_same_classes(tmp_path: Path) -> None:
    plain = load_segmentation(write_coco(tmp_path / "coco", 4))
    others = [
        load_segmentation(write_coco(tmp_path / "packed", 4, compressed=True).parent),
        load_segmentation(write_yolo(tmp_path / "yolo", 4)),
        load_segmentation(write_indices(tmp_path / "indices", 4)),
    ]
    assert plain.class_names == NAMES
    for other in others:
        assert other.class_names == NAMES
        for one, two in zip(plain.images, other.images, strict=True):
            assert one.path.name == two.path.name
            assert np.array_equal(one.classes(), two.classes())
    assert {1, 2} <= set(np.unique(np.concatenate([image.classes().ravel() for image in plain.images])))


def test_a_box_is_as_large_as_its_mask(tmp_path: Path) -> None:
    for image in load_segmentation(write_coco(tmp_path, 3)).images:
        for row, box in enumerate(image.boxes):
            y, x = np.nonzero(image.silhouette(row))
            assert box.tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_small_objects_lie_on_large_ones_and_crowds_are_not_known() -> None:
    large, small, crowd = (np.zeros((8, 10), bool) for _ in range(3))
    large[1:7, 1:7], small[2:4, 2:4], crowd[:, 5:] = True, True, True
    classes = described([small, large, crowd], [1, 0, 0], [False, False, True]).classes()
    assert classes[2, 2] == 2
    assert classes[5, 2] == 1
    assert classes[5, 6] == 1, "an object is not lost in a crowd"
    assert classes[0, 9] == IGNORED
    assert classes[0, 0] == 0


def coco(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    path = write_coco(tmp_path, 2)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


WRONG = {
    "no polygon": lambda d: d["annotations"][0].update(segmentation=[]),
    "not three points": lambda d: d["annotations"][0].update(segmentation=[[1, 2, 3, 4]]),
    "has no mask": lambda d: d["annotations"][0].pop("segmentation"),
    "far outside": lambda d: d["annotations"][0].update(segmentation=[[1e6, 2, 3, 4, 5, 6]]),
    "its size is": lambda d: d["annotations"][1]["segmentation"].update(size=[1, 1]),
    "add up": lambda d: d["annotations"][1]["segmentation"].update(counts=[3]),
    "unknown class": lambda d: d["annotations"][0].update(category_id=99),
    "belongs to no picture": lambda d: d["annotations"][0].update(image_id=99),
    "is missing": lambda d: d["images"][0].update(file_name="gone.png"),
    "shows nothing": lambda d: d.update(annotations=[]),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_with_coco_is_told(message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_segmentation(coco(tmp_path, WRONG[message]))


@pytest.mark.parametrize(
    ("line", "message"),
    [("0 0.1 0.1 0.2", "no polygon"), ("7 0.1 0.1 0.2 0.2 0.3 0.1", "unknown class"), ("0 a b c d e f", "no polygon")],
)
def test_what_is_wrong_with_yolo_is_told_with_its_line(line: str, message: str, tmp_path: Path) -> None:
    folder = write_yolo(tmp_path, 1)
    label = folder / "labels" / "0.txt"
    label.write_text(label.read_text() + line + "\n")
    with pytest.raises(InputError, match=message) as caught:
        load_segmentation(folder)
    assert "0.txt:3" in str(caught.value)


def test_what_is_wrong_with_pictures_of_classes_is_told(tmp_path: Path) -> None:
    folder = write_indices(tmp_path, 1)
    index = folder / "masks" / "0.png"
    cv2.imwrite(str(index), np.full((SIZE, SIZE), 3, np.uint8))
    with pytest.raises(InputError, match="unknown class 3"):
        load_segmentation(folder)
    cv2.imwrite(str(index), np.zeros((SIZE, SIZE, 3), np.uint8))
    with pytest.raises(InputError, match="no picture of class numbers"):
        load_segmentation(folder)
    cv2.imwrite(str(index), np.zeros((SIZE, 5), np.uint8))
    with pytest.raises(InputError, match=f"is 5x{SIZE}, its picture {SIZE}x{SIZE}"):
        load_segmentation(folder)
    index.unlink()
    with pytest.raises(InputError, match="is missing"):
        load_segmentation(folder)


def test_a_folder_without_masks_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data set with masks"):
        load_segmentation(tmp_path)
