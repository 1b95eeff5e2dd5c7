"""Masks told by teachers: for boxes alone, as sure as they are, and not for what is known already."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import numpy as np

from detectors.box_masks import EMBEDDED, BoxMasks
from tests.training.silhouettes import write_coco
from training.data.dataset import Dataset, LabelledImage
from training.data.segmentation import SegmentedImage, load_segmentation, read_picture
from training.data.taught_masks import SCALES, scaled, taught_instances


@pytest.fixture
def images(tmp_path: Path) -> tuple[SegmentedImage, ...]:
    return load_segmentation(write_coco(tmp_path, 3)).images


def boxes_of(images: tuple[SegmentedImage, ...], difficult: bool = False) -> Dataset:
    """The same pictures, with boxes alone."""
    labelled = [
        LabelledImage(
            image.path,
            image.width,
            image.height,
            image.boxes,
            image.class_ids,
            np.full(len(image.boxes), difficult),
            np.ones(2, bool),
        )
        for image in images
    ]
    return Dataset(("disc", "triangle"), tuple(labelled))


def test_teachers_tell_what_is_in_boxes(images: tuple[SegmentedImage, ...]) -> None:
    found = taught_instances([EMBEDDED, EMBEDDED], boxes_of(images), known=[images[0].path])
    assert len(found) == 4, "two in each picture that is not known"
    truths = [image.silhouette(row) for image in images[1:] for row in range(2)]
    for instance, truth, box in zip(found, truths, np.concatenate([i.boxes for i in images[1:]]), strict=True):
        assert (instance.box[2:] - instance.box[:2]).tolist() == (box[2:] - box[:2]).tolist()
        x1, y1, x2, y2 = instance.box.astype(int)
        left, top, right, bottom = box.astype(int)
        mask, real = instance.mask[y1:y2, x1:x2] > 127, truth[top:bottom, left:right]
        assert (mask & real).sum() / (mask | real).sum() > real.mean(), "better than the box itself"
        assert len(np.unique(instance.mask)) > 10, "as sure as the teachers"
        assert instance.mask[: y1 - 1].sum() == instance.mask[y2 + 1 :].sum() == 0


def test_the_mean_of_teachers_looks_at_sizes_and_mirrored(images: tuple[SegmentedImage, ...]) -> None:
    one = taught_instances([EMBEDDED], boxes_of(images), known=[])
    two = taught_instances([EMBEDDED, EMBEDDED], boxes_of(images), known=[])
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(one, two, strict=True))
    plain = BoxMasks()(read_picture(images[0].path), images[0].boxes)
    x1, y1, x2, y2 = one[0].box.astype(int)
    same = (one[0].mask[y1:y2, x1:x2] > 127) == plain[0]
    assert 0.8 < same.mean() < 1.0


def test_difficult_and_small_ones_are_left_out(images: tuple[SegmentedImage, ...]) -> None:
    assert taught_instances([EMBEDDED], boxes_of(images, difficult=True), known=[]) == []
    data = boxes_of(images)
    for image in data.images:
        image.boxes[:, 2:] = image.boxes[:, :2] + 20
    assert taught_instances([EMBEDDED], data, known=[]) == []


def test_a_box_is_scaled_around_its_middle() -> None:
    assert scaled(np.array([10.0, 20, 30, 60]), 1.5).tolist() == [5, 10, 35, 70]
    assert min(SCALES) < 1 < max(SCALES)
