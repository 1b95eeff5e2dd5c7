"""Detections of other libraries become ours, row by row; nonsense is told in one line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detectors.base import Detections
from detectors.conversion import as_detections

ROWS = np.array([[10, 20, 30, 60, 0.9, 2], [40, 20, 70, 60, 1.5, 0]])
BOXES, SCORES, CLASSES = ROWS[:, :4], ROWS[:, 4], ROWS[:, 5]


def boxes_of(rows: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(xyxy=rows[:, :4], conf=rows[:, 4], cls=rows[:, 5])


def results() -> SimpleNamespace:
    points = SimpleNamespace(data=np.zeros((2, 17, 3)))
    return SimpleNamespace(boxes=boxes_of(ROWS), keypoints=points, masks=None, names={0: "person", 2: "car"})


@pytest.mark.parametrize(
    "found",
    [
        ROWS,
        ROWS.tolist(),
        boxes_of(ROWS),
        results(),
        [results()],
        (BOXES, SCORES, CLASSES),
        {"boxes": BOXES, "scores": SCORES, "labels": CLASSES},
        SimpleNamespace(xyxy=BOXES, confidence=SCORES, class_id=CLASSES, mask=None, data={}),
    ],
)
def test_each_kind_gives_the_same_with_scores_clipped(found: Any) -> None:
    ours = as_detections(found)
    np.testing.assert_array_equal(ours.boxes, BOXES)
    assert ours.scores.tolist() == [0.9, 1.0]
    assert ours.class_ids.tolist() == [2, 0]


@pytest.mark.parametrize(
    "found",
    [BOXES, (BOXES, None), SimpleNamespace(xyxy=BOXES, confidence=None, class_id=None, mask=None, data={})],
)
def test_without_a_confidence_each_is_certain(found: Any) -> None:
    assert as_detections(found).scores.tolist() == [1.0, 1.0]
    assert as_detections(found).class_ids.tolist() == [0, 0]


@pytest.mark.parametrize("found", [[], np.empty((0, 6)), np.empty((0, 4)), Detections.empty(), {"boxes": []}])
def test_nothing_is_an_empty_frame(found: Any) -> None:
    assert len(as_detections(found)) == 0


def test_keypoints_masks_and_names_are_kept() -> None:
    masks = np.zeros((2, 100, 100), bool)
    masks[0, 30:50, 5:20] = True
    theirs = SimpleNamespace(xyxy=BOXES, confidence=SCORES, class_id=CLASSES, mask=masks, data={"colour": ["r", "g"]})
    assert as_detections(theirs).columns["colour"] == ["r", "g"]
    first, second = as_detections(theirs).columns["masks"]
    assert first.rectangle == tuple(BOXES[0].astype(int))
    assert second.rectangle == tuple(BOXES[1].astype(int))
    assert first.area == 20 * 10
    assert second.area == 0
    assert np.shape(as_detections(results()).columns["keypoints"]) == (2, 17, 3)
    assert as_detections(results()).columns["class_name"] == ["car", "person"]


def test_masks_of_results_are_scaled_from_the_models_input() -> None:
    """A frame of 200 x 100 in a square of 50: a quarter of its size, with margins of 12.5 above and below."""
    masks = np.zeros((2, 50, 50))
    masks[:, 20:30, 5:10] = 1.0
    found = SimpleNamespace(**vars(results()) | {"masks": SimpleNamespace(data=masks, orig_shape=(100, 200))})
    mask = as_detections(found).columns["masks"][0]
    assert mask.rectangle == (10, 20, 30, 60)
    rows, columns = mask.pixels().nonzero()
    assert (rows.min() + 20, columns.min() + 10) == (30, 20)
    assert (rows.max() + 20, columns.max() + 10) == (59, 29)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "NoneType is no Detections"),
        ("person", "str is no Detections"),
        (object(), "the array are no numbers"),
        (np.zeros((3, 7)), r"shape \(3, 7\)"),
        (np.zeros((2, 2, 6)), r"shape \(2, 2, 6\)"),
        (ROWS * np.nan, "boxes holds a value that is not finite|class_ids holds"),
        (ROWS[:, [2, 3, 0, 1, 4, 5]], "negative width or height"),
        ((BOXES, SCORES[:1]), "scores has 1 rows, boxes has 2"),
        ((BOXES, ["high", "low"]), "scores are no numbers"),
        ((BOXES, SCORES, [0.5, 1]), "class_ids holds a value that is no whole number"),
        ({"scores": SCORES}, "a dictionary without 'boxes'"),
        (SimpleNamespace(boxes=None, obb=object()), "rotated boxes"),
    ],
)
def test_nonsense_is_told_in_one_line(found: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        as_detections(found)
    assert "\n" not in str(raised.value)
