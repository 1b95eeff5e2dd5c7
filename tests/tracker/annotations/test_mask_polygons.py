"""Polygons are filled as pycocotools fills them, and those that we make give the very mask back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from detectors.masks import Mask
from tracker.annotations.mask_polygons import fill, filled_polygons, polygons_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools


def theirs(polygons: list[np.ndarray], height: int, width: int) -> np.ndarray:
    flat = [polygon.ravel().astype(float).tolist() for polygon in polygons]
    return np.asarray(coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(flat, height, width)))).astype(bool)


@pytest.mark.parametrize("whole", [False, True])
def test_polygons_are_filled_like_pycocotools(whole: bool) -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        height, width = random.integers(5, 40, 2).tolist()
        polygons = [random.uniform(-5, 45, (random.integers(3, 9), 2)) for _ in range(random.integers(1, 3))]
        polygons = [np.round(polygon) if whole else polygon for polygon in polygons]
        ours = filled_polygons([polygon.ravel().tolist() for polygon in polygons], (height, width))
        np.testing.assert_array_equal(ours.on_frame(height, width), theirs(polygons, height, width))


@pytest.mark.parametrize("smooth", [False, True])
def test_every_mask_comes_back_from_its_polygons(smooth: bool) -> None:
    """With holes, parts that touch at a corner, and single pixels."""
    random = np.random.default_rng(1)
    for _ in range(60):
        height, width = random.integers(5, 40, 2).tolist()
        noise = random.random((height, width))
        pixels = (cv2.GaussianBlur(noise, (0, 0), 2) if smooth else noise) > 0.5
        polygons = polygons_of(Mask.of_frame(pixels))
        np.testing.assert_array_equal(
            fill([each.astype(float) for each in polygons], None).on_frame(height, width), pixels
        )
        np.testing.assert_array_equal(theirs(polygons, height, width), pixels)


def test_an_empty_mask_has_no_polygon() -> None:
    assert polygons_of(Mask(3, 4, 0, 0, b"")) == polygons_of(Mask.pack(np.zeros((3, 3), bool), 0, 0)) == []
    assert filled_polygons([], (10, 10)).area == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1,2", "neither run lengths nor polygons"),
        ([1, 2, 3, 4, 5, 6], "neither run lengths nor polygons"),
        ([[1, 2, 3, 4]], "three points or more"),
        ([[1, 2, 3, 4, 5, 6, 7]], "three points or more"),
        ([[1, 2, 3, 4, 5, "x"]], "polygon"),
        ([[0, 0, 1e6, 0, 1e6, 1e6]], "larger than any picture"),
        ([[0, 0, 1, 1e6] * 10], "longer than any outline"),
    ],
)
def test_what_is_no_polygon_is_told(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        filled_polygons(value, None)
