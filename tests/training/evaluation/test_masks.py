"""Mean IoU, IoU of instances and the pictures that are drawn of them, against counts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import cv2
import numpy as np

from detectors.masks import box_crops
from tests.training.silhouettes import COLOURS, NAMES, write_coco
from training.data.segmentation import Classes, load_segmentation, read_picture
from training.evaluation.instance_masks import judge, mask_iou, whole_boxes
from training.evaluation.mask_sheet import draw_mask_sheet, of_boxes, of_classes
from training.evaluation.mean_iou import confusion, evaluate, ious
from training.losses.masks import IGNORED


def test_iou_of_classes_counts_pixels_of_all_pictures() -> None:
    truth = np.array([[0, 0, 1, 1], [2, 2, IGNORED, IGNORED]], np.uint8)
    found = np.array([[0, 1, 1, 1], [2, 0, 1, 2]], np.uint8)
    matrix = confusion(found, truth, 4)
    assert matrix.sum() == 6
    assert matrix[0].tolist() == [1, 1, 0, 0]
    assert ious(matrix)[:3].tolist() == [1 / 3, 2 / 3, 1 / 2]
    assert np.isnan(ious(matrix)[3]), "neither there nor found"


def test_a_segmenter_by_colour_is_right_everywhere(tmp_path: Path) -> None:
    images = load_segmentation(write_coco(tmp_path, 4)).images

    def by_colour(picture: np.ndarray) -> Classes:
        found = np.zeros(picture.shape[:2], np.uint8)
        for class_id, colour in enumerate(COLOURS):
            found[(picture == colour).all(axis=2)] = 1 + class_id
        return found

    assert evaluate(by_colour, images, NAMES) == {"background": 1.0, "disc": 1.0, "triangle": 1.0, "mean": 1.0}
    nothing = evaluate(lambda picture: np.zeros(picture.shape[:2], np.uint8), images, NAMES)
    assert nothing["disc"] == 0
    assert nothing["mean"] == pytest.approx(nothing["background"] / 3)


def test_iou_of_instances_counts_what_lies_outside_of_the_box(tmp_path: Path) -> None:
    silhouette = np.zeros((20, 30), bool)
    silhouette[5:15, 5:25] = True
    crop = np.array([5, 5, 15, 15])
    assert mask_iou(np.ones((10, 10), bool), crop, silhouette) == 0.5
    assert mask_iou(np.zeros((10, 10), bool), crop, silhouette) == 0.0
    images = load_segmentation(write_coco(tmp_path, 3)).images
    expected = [
        image.silhouette(row).sum() / np.prod(box[2:] - box[:2])
        for image in images
        for row, box in enumerate(image.boxes)
    ]
    assert judge(whole_boxes, images).tolist() == pytest.approx(expected)


def test_sheets_show_what_was_found(tmp_path: Path) -> None:
    images = load_segmentation(write_coco(tmp_path, 2)).images

    def exact(picture: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
        image = next(each for each in images if np.array_equal(read_picture(each.path), picture))
        crops = box_crops(boxes, *picture.shape[:2]).tolist()
        return [image.silhouette(row)[y1:y2, x1:x2] for row, (x1, y1, x2, y2) in enumerate(crops)]

    picture = read_picture(images[0].path)
    drawn, fit = of_boxes(picture, images[0], exact)
    assert fit == 1.0
    changed = (drawn != picture).any(axis=2)
    inside = np.any([images[0].silhouette(row) for row in range(2)], axis=0)
    near = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)
    assert changed[inside].mean() > 0.95
    assert not changed[~near].any()
    sheet = draw_mask_sheet(
        images, lambda picture, image: [(picture, "a"), (of_classes(picture, image.classes()), "b")]
    )
    assert sheet.ndim == 3
    assert sheet.shape[0] > 500
