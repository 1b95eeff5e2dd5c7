"""Frames of other sizes: people are where they were, scaled; four frames make one of twice the size."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.detection.source_sizes import own_choice, scene_of
from detectors import load_detector

BOX, WHITE = (20, 10, 30, 40), 255  # BOX: left, top, right, bottom


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    """Four frames of 80x60, each with one white box on black."""
    folder = tmp_path / "walk"
    (folder / "img1").mkdir(parents=True)
    (folder / "gt").mkdir()
    left, top, right, bottom = BOX
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[top:bottom, left:right] = WHITE
    for number in range(1, 5):
        cv2.imwrite(str(folder / "img1" / f"{number:06d}.png"), picture)
    rows = [f"{n},1,{left},{top},{right - left},{bottom - top},1,1,1" for n in range(1, 5)]
    (folder / "gt" / "gt.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("longer", "frames", "people"), [(40, 4, 1), (80, 4, 1), (160, 1, 4)])
def test_boxes_stay_on_their_people(sequence: Path, longer: int, frames: int, people: int) -> None:
    scene = scene_of([sequence], longer, 4)
    assert len(scene.images) == frames
    for image in scene.images:
        picture = scene.pictures[image.path]
        assert max(picture.shape[:2]) == longer
        assert len(image.boxes) == people
        for x1, y1, x2, y2 in image.boxes.round().astype(int):
            assert picture[y1:y2, x1:x2].mean() > 0.95 * WHITE
        outside = picture.astype(float)
        for x1, y1, x2, y2 in image.boxes.round().astype(int):
            outside[max(0, y1 - 1) : y2 + 1, max(0, x1 - 1) : x2 + 1] = 0
        assert outside.max() < 0.2 * WHITE


def test_a_source_larger_than_twice_the_sequences_has_no_frames(sequence: Path) -> None:
    assert not scene_of([sequence], 200, 4).images


def test_the_size_chosen_is_the_detectors_own(sequence: Path) -> None:
    scene = scene_of([sequence], 80, 1)
    assert own_choice(load_detector("sliding"), scene) == 80
    assert own_choice(load_detector("motion"), scene) is None
