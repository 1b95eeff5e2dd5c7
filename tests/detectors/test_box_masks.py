"""Masks out of boxes: where crops lie, how answers get back onto the picture, and what the package's network finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.box_masks import (
    AT_ONCE,
    EMBEDDED,
    GREY,
    MARGIN,
    SIDE,
    BoxMasks,
    cut_square,
    paste,
    region_of,
    round_region,
)
from detectors.errors import InputError
from detectors.masks import box_crops
from detectors.sliding import EMBEDDED as DETECTOR

ROOT = Path(__file__).parents[2]
LIMIT = 3 << 20  # bytes inside the package


@pytest.fixture(scope="module")
def box_masks() -> BoxMasks:
    return BoxMasks()


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    """A frame of the demo's clip with people whose boxes are known."""
    clip = cv2.VideoCapture(str(ROOT / "videos/walkers.mp4"))
    clip.set(cv2.CAP_PROP_POS_FRAMES, 119)
    read, frame = clip.read()
    assert read
    return np.asarray(frame)


def people(frame: np.ndarray) -> np.ndarray:
    """Boxes of the people who are clearly seen."""
    from detectors.base import Frame
    from detectors.boxes import nms
    from detectors.sliding import SlidingDetector

    found = SlidingDetector(conf=0.6)(Frame(frame, 1, 0.0))
    found = found[found.class_ids == 0]
    return found.boxes[nms(found.boxes, found.scores, 0.4)]


def test_crops_are_boxes_rounded_outward_and_clipped() -> None:
    boxes = np.array([[1.2, 2.0, 3.0, 4.7], [-5.5, -1, 2, 3], [8, 8, 30.1, 40], [50, 60, 70, 80], [3, 3, 3, 3]])
    assert box_crops(boxes, 20, 10).tolist() == [
        [1, 2, 3, 5],
        [0, 0, 2, 3],
        [8, 8, 10, 20],
        [10, 20, 10, 20],
        [3, 3, 3, 3],
    ]
    assert box_crops(np.zeros((0, 4)), 20, 10).shape == (0, 4)


def test_a_square_shows_the_box_with_a_margin_and_grey_beyond_the_border() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 40:120] = 255
    square = cut_square(picture, region_of(np.array([40.0, 20, 120, 60])))
    assert square.shape == (SIDE, SIDE, 3)
    edge = SIDE * MARGIN / (1 + 2 * MARGIN)
    assert (square[:, SIDE // 2, 0] > 127).sum() == pytest.approx(SIDE - 2 * edge, abs=1)
    assert (square[SIDE // 2, :, 0] > 127).sum() == pytest.approx(SIDE - 2 * edge, abs=1)
    beyond = cut_square(picture, np.array([-50.0, -50, 50, 50]))
    assert (beyond[: SIDE // 2 - 1] == GREY).all()
    assert (beyond[SIDE // 2 + 1 :, SIDE // 2 + 1 :] != GREY).all()
    assert (cut_square(picture, np.array([500.0, 500, 510, 510])) == GREY).all()


@pytest.mark.parametrize("box", [(30.0, 20, 130, 80), (-20.4, 5, 61.3, 70), (150, 60, 230, 120), (90.5, 40.5, 99, 49)])
def test_what_is_seen_in_a_square_gets_back_to_where_it_was(box: tuple[float, ...]) -> None:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.random((100, 200)).astype(np.float32), (0, 0), 6)
    truth = noise > np.median(noise)
    region = region_of(np.array(box))
    x1, y1, x2, y2 = round_region(region)
    padded = np.pad(truth, 150, mode="edge")[y1 + 150 : y2 + 150, x1 + 150 : x2 + 150].astype(np.float32)
    answer = np.asarray(cv2.resize(padded, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA), np.float64)
    (crop,) = box_crops(np.array([box]), 100, 200)
    left, top, right, bottom = crop.tolist()
    back = paste(answer, region, crop) >= 0.5
    assert back.shape == (bottom - top, right - left)
    assert (back == truth[top:bottom, left:right]).mean() > 0.95


def test_people_are_cut_out_of_their_boxes(box_masks: BoxMasks, street: np.ndarray) -> None:
    boxes = people(street)
    assert len(boxes) >= 3
    for box, mask in zip(boxes, box_masks(street, boxes), strict=True):
        height, width = mask.shape
        assert (width, height) == tuple(np.ceil(box[2:]) - np.floor(box[:2]))
        assert 0.25 < mask.mean() < 0.85, "a person fills a part of a box"
        assert mask[height // 4 : height // 2, width // 3 : -width // 3].mean() > 0.9, "a chest"
        beside = np.hstack([mask[: height // 8, : width // 6], mask[: height // 8, -width // 6 :]])
        assert beside.mean() < 0.3, "beside a head"
        count, _ = cv2.connectedComponents(mask.astype(np.uint8))
        assert count - 1 <= 6


def test_answers_do_not_depend_on_who_else_is_asked_about(box_masks: BoxMasks, street: np.ndarray) -> None:
    boxes = people(street)
    many = np.tile(boxes, (AT_ONCE // len(boxes) + 2, 1))
    together = box_masks(street, many)
    for row, box in enumerate(many):
        (alone,) = box_masks(street, box[None])
        assert (together[row] == alone).mean() > 0.999


def test_boxes_of_no_pixels_have_masks_of_none(box_masks: BoxMasks, street: np.ndarray) -> None:
    height, width = street.shape[:2]
    outside = np.array([[width + 5.0, 5, width + 50, 60], [10, 10, 10, 10], [100, 100, 140, 200]])
    masks = box_masks(street, outside)
    assert [mask.size for mask in masks] == [0, 0, 40 * 100]
    assert box_masks(street, np.zeros((0, 4))) == []
    edge = np.array([[width - 30.5, height - 40.0, width + 30, height + 10]])
    assert box_masks(street, edge)[0].shape == (40, 31)


def test_a_higher_threshold_leaves_less(street: np.ndarray) -> None:
    boxes = people(street)
    sizes = [[int(mask.sum()) for mask in BoxMasks(threshold=each)(street, boxes)] for each in (0.2, 0.5, 0.8)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_the_network_is_small_and_another_one_is_refused() -> None:
    assert EMBEDDED.stat().st_size < LIMIT
    with pytest.raises(InputError, match="gives no masks of boxes"):
        BoxMasks(DETECTOR)
    with pytest.raises(InputError, match="no such model"):
        BoxMasks("nowhere.onnx")
