from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from detectors.base import Detections, Floats, Image
from training.data.dataset import Dataset, LabelledImage
from training.data.score_calibration import FEWEST, FEWEST_OF_CLASS, Outcomes, fit_scale, fit_scales, outcomes


def drawn(slope: float, shift: float, count: int = 20_000) -> tuple[Floats, np.ndarray]:
    """Scores of a detector that is right with the chance expit(slope * logit(score) + shift), and when it was."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.01, 0.99, count)
    return scores, rng.random(count) < expit(slope * logit(scores) + shift)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (2.0, -1.0), (0.5, 1.5)])
def test_the_scale_that_the_outcomes_were_drawn_with_is_found(slope: float, shift: float) -> None:
    assert fit_scale(*drawn(slope, shift)) == pytest.approx((slope, shift), abs=0.1)


def test_the_order_of_detections_is_never_turned_round() -> None:
    scores, right = drawn(1.0, 0.0)
    assert fit_scale(scores, ~right)[0] > 0


@pytest.mark.parametrize("hits", [0, FEWEST - 1])
def test_too_few_outcomes_change_nothing(hits: int) -> None:
    right = np.arange(1000) < hits
    assert fit_scale(np.linspace(0.1, 0.9, 1000), right) == (1.0, 0.0)
    assert fit_scale(np.linspace(0.1, 0.9, 1000), ~right) == (1.0, 0.0)


def test_a_class_with_enough_outcomes_has_a_scale_of_its_own_and_the_others_that_of_all() -> None:
    timid, boastful = drawn(1.0, 1.0), drawn(1.0, -1.0)
    few = FEWEST_OF_CLASS - 1
    rare = np.full(2 * few, 0.5), np.arange(2 * few) < few
    scores, right = (np.concatenate(each) for each in zip(timid, boastful, rare, strict=True))
    class_ids = np.repeat([0, 1, 2], [len(timid[0]), len(boastful[0]), 2 * few])
    slopes, shifts = fit_scales(Outcomes(scores, right, class_ids), 4)
    assert (slopes[0], shifts[0]) == pytest.approx((1, 1), abs=0.1)
    assert (slopes[1], shifts[1]) == pytest.approx((1, -1), abs=0.1)
    of_all = fit_scale(scores, right)
    assert (slopes[2], shifts[2]) == (slopes[3], shifts[3]) == pytest.approx(of_all)


def picture(boxes: list[list[float]], difficult: list[bool], labelled: bool = True) -> LabelledImage:
    count = len(boxes)
    table = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    flags = np.array(difficult, dtype=bool), np.array([labelled])
    return LabelledImage(Path("a.png"), 100, 100, table, np.zeros(count, dtype=np.int64), *flags)


def outcomes_of(
    image: LabelledImage, boxes: list[list[float]], scores: list[float], overlap: float = 0.5
) -> list[tuple[float, bool]]:
    found = Detections(np.array(boxes), np.array(scores))
    blank: Image = np.zeros((100, 100, 3), np.uint8)
    judged = outcomes(lambda _: found, lambda _: blank, Dataset(("thing",), (image,)), overlap)
    return [(float(score), bool(right)) for score, right in zip(judged.scores, judged.right, strict=True)]


def test_each_object_is_found_once_and_by_the_best() -> None:
    image = picture([[0, 0, 10, 10]], [False])
    boxes = [[0.0, 0, 10, 9], [0.0, 0, 10, 10], [50.0, 50, 60, 60]]
    assert outcomes_of(image, boxes, [0.6, 0.7, 0.8]) == [(0.6, False), (0.7, True), (0.8, False)]


def test_what_stands_on_something_difficult_is_not_judged() -> None:
    image = picture([[0, 0, 10, 10], [50, 50, 60, 60]], [True, False])
    assert outcomes_of(image, [[0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.4]) == [(0.4, True)]


def test_a_class_that_was_not_looked_for_is_not_judged() -> None:
    assert outcomes_of(picture([], [], labelled=False), [[0, 0, 10, 10]], [0.9]) == []


def test_a_box_that_fits_badly_is_wrong_where_boxes_are_to_fit() -> None:
    image = picture([[0, 0, 10, 10]], [False])
    assert outcomes_of(image, [[0.0, 0, 10, 6]], [0.9]) == [(0.9, True)]
    assert outcomes_of(image, [[0.0, 0, 10, 6]], [0.9], overlap=0.7) == [(0.9, False)]
