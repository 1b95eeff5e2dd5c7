"""Three pictures side by side with what a detector finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from detectors.base import Detections, Image
from tests.training.pictures import NAMES, label, painted
from training.data.dataset import Dataset
from training.evaluation import contact_sheet
from training.evaluation.contact_sheet import (
    COLOURS,
    HEIGHT,
    MARGIN,
    SHOWN,
    STRIP,
    WIDTH,
    chosen,
    draw_contact_sheet,
    write_contact_sheet,
)


def numbered(count: int, empty: int = 0) -> Dataset:
    images = [label([], path=Path(f"e{n}.png")) for n in range(empty)]
    images += [label([(8, 8, 40, 40)], path=Path(f"{n}.png")) for n in range(count)]
    return Dataset(NAMES, tuple(images))


def finder(boxes: list[tuple[float, float, float, float]], scores: list[float]) -> Detections:
    return Detections(np.array(boxes, dtype=float).reshape(-1, 4), np.array(scores), np.zeros(len(boxes), dtype=int))


@pytest.mark.parametrize(
    ("count", "empty", "names"),
    [(1, 0, ["0"]), (2, 3, ["0", "1"]), (3, 0, ["0", "1", "2"]), (9, 1, ["0", "4", "8"]), (0, 2, ["e0", "e1"])],
)
def test_pictures_that_show_something_are_chosen_from_all_over(count: int, empty: int, names: list[str]) -> None:
    assert [image.path.stem for image in chosen(numbered(count, empty).images)] == names


def test_each_picture_is_drawn_once_with_what_is_found_for_sure() -> None:
    def detect(picture: Image) -> Detections:
        return finder([(8, 8, 40, 40), (50, 8, 90, 40)], [SHOWN + 0.1, SHOWN - 0.1])

    sheet = draw_contact_sheet(detect, painted, numbered(3))
    assert sheet.shape == (HEIGHT + STRIP + 2 * MARGIN, 3 * (WIDTH + 2 * MARGIN), 3)
    scale = WIDTH / 128  # a picture of 128 x 96, as wide as the cell, at its lower edge
    top = MARGIN + HEIGHT - round(96 * scale)
    for cell in np.split(sheet, 3, axis=1):
        left_edge = cell[top + round(24 * scale), MARGIN + round(8 * scale)]
        assert np.abs(left_edge.astype(int) - COLOURS[0]).max() < 60
        weak_edge = cell[top + round(24 * scale), MARGIN + round(50 * scale)]
        assert np.abs(weak_edge.astype(int) - COLOURS[0]).max() > 60
        assert (cell[-STRIP:] < 100).any(), "a caption"


def test_the_caption_counts_what_is_found_and_what_is_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(contact_sheet, "_write", lambda picture, text, place, colour: written.append(text))
    draw_contact_sheet(lambda picture: finder([], []), painted, numbered(1))
    draw_contact_sheet(
        lambda picture: finder([(8, 8, 40, 40)], [0.9]), painted, Dataset(("Füße", "b"), numbered(1).images)
    )
    assert written == ["0 found, 1 labelled", "F??e 0.90", "1 found, 1 labelled"]


@pytest.mark.parametrize("size", [(3, 2), (2000, 30), (30, 2000), (1200, 900)])
def test_pictures_of_any_shape_fit(size: tuple[int, int]) -> None:
    image = label([(0, 0, 2, 2)], size=size)
    found = finder([(-5, -5, size[0] + 5, size[1] + 5), (0, 0, 1, 1)], [0.9, 0.8])
    sheet = draw_contact_sheet(lambda picture: found, painted, Dataset(NAMES, (image,)))
    assert sheet.shape[1] == WIDTH + 2 * MARGIN


def test_the_sheet_is_a_jpeg(tmp_path: Path) -> None:
    write_contact_sheet(np.full((40, 60, 3), 200, np.uint8), tmp_path / "ä.found.jpg")
    assert (tmp_path / "ä.found.jpg").read_bytes()[:2] == b"\xff\xd8"
    picture = cv2.imdecode(np.fromfile(tmp_path / "ä.found.jpg", np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (40, 60, 3)
