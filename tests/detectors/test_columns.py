"""What detections carry beside their boxes: each row stays with its box."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from detectors.base import Detections, Frame
from detectors.columns import Columns, concatenate_columns, masks_in, move_positions, rows_or_missing, select_rows
from detectors.masks import Mask
from detectors.tiles import TiledDetector


def detections(count: int, **columns: Any) -> Detections:
    """Boxes side by side."""
    boxes = np.array([[20.0 * at, 0, 20.0 * at + 10, 30] for at in range(count)]).reshape(-1, 4)
    return Detections(boxes, np.linspace(0.9, 0.5, count), columns=columns)


def test_arrays_and_lists_are_selected_with_the_boxes() -> None:
    found = detections(4, weights=np.arange(4), names=["a", "b", "c", "d"], crops=np.zeros((4, 2, 3), bool))
    assert found[[2, 0]].columns["names"] == ["c", "a"]
    assert found[found.scores > 0.8].columns["names"] == ["a"]
    assert found[1:3].columns["weights"].tolist() == [1, 2]  # type: ignore[union-attr]
    assert np.shape(found[1:3].columns["crops"]) == (2, 2, 3)


def test_without_columns_there_are_none() -> None:
    assert detections(3).columns == detections(3)[:2].columns == Detections.empty().columns == {}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])
def test_they_can_be_copied(duplicate: Any) -> None:
    assert duplicate(detections(2, names=["a", "b"])).columns == {"names": ["a", "b"]}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"names": ["a"]}, "the column 'names' has 1 rows, boxes has 2"),
        ({"weights": np.arange(3)}, "the column 'weights' has 3 rows, boxes has 2"),
        ({"weights": np.float64(3)}, "the column 'weights' is neither an array nor a list, but a ndarray"),
        ({"names": "ab"}, "the column 'names' is neither an array nor a list, but a str"),
        ({"masks": np.zeros((2, 51), bool)}, r"a mask has the shape \(51,\), and is neither a Mask nor booleans"),
        ({"masks": np.zeros((2, 5, 5))}, "a mask has the type float64"),
        ({"masks": np.zeros((1, 5, 5), bool)}, "the column 'masks' has 1 rows, boxes has 2"),
        ({"keypoints": np.zeros((2, 51))}, r"keypoints has the shape \(2, 51\), not \(N, K, 3\)"),
    ],
)
def test_other_columns_are_refused(columns: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        detections(2, **columns)


def test_missing_rows_are_told_by_kind() -> None:
    columns: Columns = {
        "floats": np.array([[1.0, 2.0]]),
        "counts": np.array([3]),
        "flags": np.array([True]),
        "texts": np.array(["a"]),
        "objects": np.array([{}], dtype=object),
        "names": ["b"],
    }
    found = rows_or_missing(columns, np.array([-1, 0]))
    np.testing.assert_array_equal(found["floats"], [[np.nan, np.nan], [1, 2]])
    rest = {name: list(column) for name, column in found.items() if name != "floats"}
    assert rest == {
        "counts": [0, 3],
        "flags": [False, True],
        "texts": ["", "a"],
        "objects": [None, {}],
        "names": [None, "b"],
    }


def test_parts_without_a_column_lack_it() -> None:
    parts: list[Columns] = [{"a": np.array([1.0])}, {}, {"a": np.array([2.0]), "b": ["x"]}, {"a": np.empty((0, 7))}]
    found = concatenate_columns(parts, [1, 2, 1, 0])
    np.testing.assert_array_equal(found["a"], [1, np.nan, np.nan, 2])
    assert found["b"] == [None, None, None, "x"]


def test_rows_of_different_shapes_become_a_list() -> None:
    found = concatenate_columns([{"a": np.zeros((1, 2))}, {"a": np.zeros((1, 3))}], [1, 1])["a"]
    assert [np.shape(row) for row in found] == [(2,), (3,)]


def test_keypoints_of_nothing_may_be_an_empty_list() -> None:
    assert np.shape(detections(0, keypoints=[]).columns["keypoints"]) == (0, 0, 3)


def test_selecting_from_no_columns_gives_none() -> None:
    assert select_rows({}, np.array([1])) == {} == move_positions({}, np.array([1, 1]))


class OneInTheMiddle:
    """Finds one object around the centre of what it sees, with one keypoint at its centre and a name."""

    name, suppressed, concurrent = "middle", False, True
    class_names: Mapping[int, str] = {0: "thing"}

    def __call__(self, frame: Frame) -> Detections:
        height, width = frame.image.shape[:2]
        centre = np.array([width / 2, height / 2])
        box = np.concatenate([centre - 5, centre + 5])[None]
        mask = Mask.pack(np.ones((10, 10), bool), round(centre[0]) - 5, round(centre[1]) - 5)
        columns: Columns = {"keypoints": np.array([[[*centre, 1.0]]]), "size": [(height, width)], "masks": [mask]}
        return Detections(box, np.array([0.9]), columns=columns)


def test_masks_of_whole_frames_are_cropped_and_packed() -> None:
    pixels = np.zeros((2, 40, 60), bool)
    pixels[0, 3:5, 20:24] = True
    first, second = detections(2, masks=pixels).columns["masks"]
    assert (first.x, first.y, first.height, first.width, first.bits) == (20, 3, 2, 4, b"\xff")
    assert second.area == 0
    known = detections(2, masks=[first, None]).columns["masks"]
    assert known[0] is first
    assert known[1] is None


def test_keypoints_and_masks_move_with_their_tile() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    found = TiledDetector(OneInTheMiddle(), OneInTheMiddle(), 2)(Frame(picture, 1, 0.0))
    assert len(found) == 5
    points = np.asarray(found.columns["keypoints"])[:, 0, :2]
    np.testing.assert_allclose(points, (found.boxes[:, :2] + found.boxes[:, 2:]) / 2)
    masks = [mask.rectangle for mask in masks_in(found.columns, 5) if mask is not None]
    np.testing.assert_allclose(np.array(masks), found.boxes, atol=0.5)
    assert sorted(found.columns["size"]) == [(56, 112)] * 4 + [(100, 200)]
