"""Average precision: what is right counts, what was not looked for does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

from detectors.base import Detections, Image
from tests.training.pictures import NAMES, draw_scene, label, painted
from training.data.dataset import Dataset, LabelledImage
from training.evaluation.evaluate import Precision, evaluate

Row = tuple[float, float, float, float, float, int]  # xyxy, score, class


def numbered(images: list[LabelledImage]) -> Dataset:
    return Dataset(NAMES, tuple(images))


def precisions(images: list[LabelledImage], rows: list[list[Row]]) -> dict[str, Precision]:
    """Judge scripted detections, a list a picture."""
    dataset, place = numbered(images), {id(image): number for number, image in enumerate(images)}

    def read(image: LabelledImage) -> Image:
        return np.full((1, 1, 3), place[id(image)], np.uint8)

    def detect(picture: Image) -> Detections:
        table = np.array(rows[int(picture[0, 0, 0])], dtype=np.float64).reshape(-1, 6)
        return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))

    return evaluate(detect, read, dataset)


def right(image: LabelledImage, score: float = 0.9, shift: float = 0.0) -> list[Row]:
    boxes = (image.boxes + shift).tolist()
    return [(*box, score, int(class_id)) for box, class_id in zip(boxes, image.class_ids, strict=True)]


def scenes(count: int = 4) -> list[LabelledImage]:
    rng = np.random.default_rng(0)
    return [draw_scene(rng, (128, 96)) for _ in range(count)]


def test_perfect_detections_have_precision_1_and_none_have_0() -> None:
    images = scenes()
    perfect, none = precisions(images, [right(image) for image in images]), precisions(images, [[]] * 4)
    assert set(perfect) == set(none) == {*NAMES, "mean"}
    for name in perfect:
        assert perfect[name][:2] == pytest.approx((1, 1))
        assert none[name][:2] == (0, 0)
    assert perfect["mean"].boxes == none["mean"].boxes == 8
    assert perfect["blue"].boxes + perfect["red"].boxes == 8


def test_misplaced_detections_are_worth_less() -> None:
    images = scenes()
    means = [precisions(images, [right(image, shift=shift) for image in images])["mean"] for shift in (0, 2, 4, 30)]
    assert means[1].ap50 == pytest.approx(1)
    assert [mean.ap for mean in means] == sorted((mean.ap for mean in means), reverse=True)
    assert 1 > means[1].ap > means[2].ap > means[3].ap == 0


def test_precision_is_the_area_below_a_curve_computed_by_hand() -> None:
    image = label([(0, 0, 20, 20), (40, 0, 60, 20), (80, 0, 100, 20)])
    rows: list[Row] = [
        (0, 0, 20, 20, 0.9, 0),  # right: precision 1 at recall 1/3
        (0, 60, 20, 80, 0.8, 0),  # wrong
        (40, 0, 60, 20, 0.7, 0),  # right: precision 2/3 at recall 2/3
        (0, 0, 20, 20, 0.6, 0),  # the same again: wrong
    ]
    found = precisions([image], [rows])["blue"]
    # precision is read off at the recalls 0, 0.01, ..., 1: 34 of them reach to 1/3, 33 more to 2/3
    assert found.ap50 == pytest.approx((34 * 1 + 33 * 2 / 3) / 101, abs=1e-6)
    assert found.ap == pytest.approx(found.ap50, abs=1e-6)
    assert found.boxes == 3


def test_an_overlap_counts_up_to_the_threshold_it_reaches() -> None:
    image = label([(50, 40, 150, 90)], size=(200, 100))
    found = precisions([image], [[(50, 40, 122, 90, 0.9, 0)]])["blue"]  # IoU 0.72: right at 0.5, 0.55, 0.6, 0.65, 0.7
    assert (found.ap50, found.ap) == pytest.approx((1, 0.5))


def test_a_class_that_is_mistaken_is_wrong() -> None:
    image = label([(0, 0, 40, 40), (60, 0, 100, 40)], [0, 1])
    swapped: list[Row] = [(0, 0, 40, 40, 0.9, 1), (60, 0, 100, 40, 0.9, 0)]
    assert precisions([image], [swapped])["mean"][:2] == (0, 0)


def test_difficult_objects_are_neither_hits_nor_misses() -> None:
    image = label([(0, 0, 40, 40), (60, 0, 100, 40)], difficult=[False, True])
    alone: list[Row] = [(0, 0, 40, 40, 0.5, 0)]
    both: list[Row] = [*alone, (60, 0, 100, 40, 0.9, 0), (61, 0, 99, 38, 0.8, 0)]
    for rows in (alone, both):
        assert precisions([image], [rows])["blue"] == pytest.approx((1, 1, 1))
    wrong: list[Row] = [*alone, (60, 50, 100, 90, 0.9, 0)]
    assert precisions([image], [wrong])["blue"].ap50 < 0.6


def test_a_class_is_judged_only_where_it_was_looked_for() -> None:
    first, second = label([(0, 0, 40, 40)]), label([], labelled=(False, True))
    ghost: list[Row] = [(0, 0, 40, 40, 0.95, 0)]
    assert precisions([first, second], [right(first), ghost])["blue"] == pytest.approx((1, 1, 1))
    looked = label([])
    assert precisions([first, looked], [right(first), ghost])["blue"].ap50 == pytest.approx(0.5, abs=0.01)


def test_a_class_without_objects_is_left_out_of_the_mean() -> None:
    images = [label([(0, 0, 40, 40)], [1])]
    found = precisions(images, [[*right(images[0]), (50, 0, 90, 40, 0.99, 0)]])
    assert list(found) == ["red", "mean"]
    assert found["mean"] == found["red"] == pytest.approx((1, 1, 1))
    assert precisions([label([])], [[]]) == {}


def test_the_picture_is_given_to_the_detector(tmp_path: Path) -> None:
    images = scenes(2)
    seen: list[Image] = []

    def detect(picture: Image) -> Detections:
        seen.append(picture)
        return Detections.empty()

    evaluate(detect, painted, numbered(images))
    assert all(np.array_equal(picture, painted(image)) for picture, image in zip(seen, images, strict=True))
