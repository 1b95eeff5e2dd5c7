"""Tiles: every object is found once, wherever it lies, and small ones are seen at their size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Detections, Frame, InputError, load_detector, with_tiles
from detectors.base import Image, search_size
from detectors.boxes import iou_matrix
from detectors.tiles import LEAST_SHRINK, MOST_TILES, OVERLAP, TiledDetector, tiles, tiles_needed
from tests.onnx_models import sliding_colour_finder


class BlobDetector:
    """Finds white blobs of at least `smallest` pixels of the size that it searches at, which is `size`."""

    name, suppressed, concurrent = "blobs", True, True
    class_names: Mapping[int, str] = {0: "blob"}

    def __init__(self, size: int, smallest: float = 0.0) -> None:
        self.size, self.smallest = size, smallest

    def search_size(self, height: int, width: int) -> int:
        return min(self.size, max(height, width))

    def __call__(self, frame: Frame) -> Detections:
        height, width = frame.image.shape[:2]
        scale = self.search_size(height, width) / max(height, width)
        _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(frame.image[:, :, 0]))
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:]], dtype=np.float64).reshape(-1, 4)
        boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=1e9) * scale >= self.smallest]
        return Detections(boxes, np.linspace(0.9, 0.5, len(boxes)))


def painted(height: int, width: int, *boxes: tuple[int, int, int, int]) -> Image:
    image = np.zeros((height, width, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = 255
    return image


def found_in(image: Image, detector: BlobDetector, count: int | None = None) -> Detections:
    return TiledDetector(detector, detector, count)(Frame(image, 1, 0.0))


@given(
    left=st.integers(0, 500), top=st.integers(0, 300), width=st.integers(4, 139), height=st.integers(4, 99),
    count=st.integers(2, 4),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_an_object_is_found_once_wherever_it_lies(left: int, top: int, width: int, height: int, count: int) -> None:
    box = (left, top, left + width, top + height)
    found = found_in(painted(400, 640, box), BlobDetector(10_000), count)
    assert len(found) == 1
    assert iou_matrix(found.boxes, np.array([box], dtype=float)).max() > 0.95


@given(left=st.integers(0, 300), top=st.integers(0, 150), width=st.integers(20, 330), height=st.integers(20, 240))
@settings(max_examples=150, deadline=None)
def test_one_that_the_whole_frame_misses_is_joined_from_its_parts(left: int, top: int, width: int, height: int) -> None:
    class BlindToTheWhole(BlobDetector):
        def __call__(self, frame: Frame) -> Detections:
            return Detections.empty() if frame.image.shape[1] == 640 else super().__call__(frame)

    box = (left, top, left + width, top + height)
    found = found_in(painted(400, 640, box), BlindToTheWhole(10_000), 2)
    assert len(found) == 1
    assert iou_matrix(found.boxes, np.array([box], dtype=float)).max() > 0.9


def test_neighbours_at_a_seam_stay_two() -> None:
    boxes = [(300, 100, 318, 140), (322, 100, 340, 140), (300, 190, 340, 198), (300, 203, 340, 210)]
    found = found_in(painted(400, 640, *boxes), BlobDetector(10_000), 2)
    assert sorted(found.boxes.tolist()) == sorted([list(map(float, box)) for box in boxes])


def test_small_objects_of_a_large_frame_are_seen_in_its_tiles_alone() -> None:
    small = [(x, y, x + 12, y + 12) for x in range(40, 1900, 157) for y in range(30, 1060, 101)]
    image, detector = painted(1080, 1920, *small), BlobDetector(640, smallest=6)
    assert len(detector(Frame(image, 1, 0.0))) == 0
    assert len(found_in(image, detector, None)) == len(small)


@pytest.mark.parametrize("count", range(2, MOST_TILES + 1))
def test_tiles_cover_a_frame_and_overlap(count: int) -> None:
    height, width = 1079, 1921
    seen = np.zeros((height, width), int)
    for tile in tiles(height, width, count):
        seen[tile.top : tile.bottom, tile.left : tile.right] += 1
    assert seen.min() == 1
    assert seen.max() == 4
    row = seen[0]
    assert (row > 1).sum() >= (count - 1) * OVERLAP * 0.95 * (width / (count - (count - 1) * OVERLAP))


@pytest.mark.parametrize(
    ("size", "width", "expected"), [(640, 640, 1), (640, 1280, 1), (640, 1920, 2), (960, 1920, 1), (960, 3840, 2)]
)
def test_as_many_tiles_as_it_takes(size: int, width: int, expected: int) -> None:
    detector, height = BlobDetector(size), width * 9 // 16
    assert tiles_needed(detector, height, width) == expected
    tile = next(tiles(height, width, expected))
    assert detector.search_size(tile.bottom, tile.right) >= LEAST_SHRINK * tile.right


def test_a_frame_smaller_than_its_tiles_is_no_trouble() -> None:
    assert len(found_in(painted(3, 5, (1, 1, 3, 2)), BlobDetector(100), 8)) == 1


def test_the_sliding_detector_looks_at_tiles_closely(tmp_path: Path) -> None:
    path = sliding_colour_finder(tmp_path / "finder.onnx", long_side=64, longest_side=256)
    whole, tiled = load_detector(path), with_tiles(load_detector(path), 2)
    assert [search_size(whole, 9, side) for side in (32, 64, 128, 256, 512, 4096)] == [32, 64, 96, 192, 256, 256]
    assert isinstance(tiled, TiledDetector)
    image = np.zeros((400, 400, 3), np.uint8)
    image[105:121, 305:321] = (0, 255, 0)  # a cell is 8 pixels wide: all green in a tile, never in the frame
    frame = Frame(image, 1, 0.0)
    assert not (whole(frame).scores > 0.9).any()
    assert (tiled(frame).scores > 0.9).any()


def test_motion_needs_no_tiles() -> None:
    with pytest.raises(InputError, match=r"--tiles: --detector motion sees small things anyway"):
        with_tiles(load_detector("motion"), 2)
