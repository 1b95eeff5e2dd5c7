from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Frame

BOXES = np.array([[0.0, 0.0, 10.0, 20.0], [5.0, 5.0, 6.0, 7.0], [3.0, 1.0, 3.0, 9.0]])
SCORES = np.array([0.9, 0.0, 1.0])


def numbered(count: int) -> Detections:
    """Detections whose every column tells the number of the row."""
    number = np.arange(count, dtype=np.float64)
    return Detections(
        np.stack([number, number, number + 1, number + 2], axis=1),
        number / 100,
        np.arange(count),
        number[:, None] + 0.5,
    )


def test_columns_come_out_as_they_went_in() -> None:
    found = Detections(BOXES, SCORES, np.array([4, 0, 7]), np.eye(3))

    assert len(found) == 3
    np.testing.assert_array_equal(found.boxes, BOXES)
    np.testing.assert_array_equal(found.scores, SCORES)
    np.testing.assert_array_equal(found.class_ids, [4, 0, 7])
    np.testing.assert_array_equal(found.embeddings, np.eye(3))


def test_plain_lists_become_arrays_of_the_documented_types() -> None:
    found: Any = Detections([[0, 0, 1, 1]], [1])  # type: ignore[arg-type]

    assert (found.boxes.dtype, found.scores.dtype, found.class_ids.dtype) == (np.float64, np.float64, np.int64)
    np.testing.assert_array_equal(found.class_ids, [0])
    assert found.embeddings is None


def test_empty_has_the_shapes_of_any_other() -> None:
    found = Detections.empty()

    assert len(found) == 0
    assert (found.boxes.shape, found.scores.shape, found.class_ids.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize(
    "columns",
    [
        {"scores": SCORES[:2]},
        {"scores": np.empty(0)},
        {"class_ids": np.array([1, 2])},
        {"embeddings": np.ones((4, 8))},
        {"boxes": BOXES[:2]},
        {"boxes": np.empty((0, 4))},
    ],
)
def test_columns_of_unequal_length_are_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"has \d rows, boxes has \d"):
        Detections(**{"boxes": BOXES, "scores": SCORES, **columns})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["boxes", "scores", "embeddings"])
def test_values_that_are_not_finite_are_refused(column: str, value: float) -> None:
    columns = {"boxes": BOXES.copy(), "scores": SCORES.copy(), "embeddings": np.ones((3, 2))}
    columns[column][1, ...] = value

    with pytest.raises(ValueError, match=f"{column} holds a value that is not finite"):
        Detections(**columns)


@pytest.mark.parametrize("box", [[5, 0, 4, 9], [0, 9, 5, 8]])
def test_a_negative_size_is_refused(box: list[float]) -> None:
    with pytest.raises(ValueError, match="negative width or height"):
        Detections(np.array([box]), np.ones(1))


@pytest.mark.parametrize("score", [-0.01, 1.01, 100.0])
def test_a_score_outside_of_0_to_1_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
        Detections(BOXES, np.array([0.5, score, 0.5]))


@pytest.mark.parametrize("shape", [(3, 5), (4, 2), (2, 2, 2)])
def test_boxes_that_do_not_have_four_columns_are_refused(shape: tuple[int, ...]) -> None:
    # (4, 2) is the easy mistake: boxes as columns. Read row by row, it would make two other boxes.
    boxes = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)

    with pytest.raises(ValueError):  # noqa: PT011  # which words it finds is its own affair
        Detections(boxes, np.full(boxes.size // 4, 0.5))


@pytest.mark.parametrize("shape", [(3,), (3, 2, 2)])
def test_embeddings_that_are_not_one_vector_a_row_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="embeddings"):
        Detections(BOXES, SCORES, embeddings=np.ones(shape))


@given(data=st.data(), count=st.integers(0, 12))
@settings(deadline=None, max_examples=60)
def test_row_selection_keeps_the_columns_together(data: st.DataObject, count: int) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    indices = data.draw(st.lists(st.integers(0, count - 1), max_size=20)) if count else []
    start, stop = data.draw(st.integers(-12, 12)), data.draw(st.integers(-12, 12))
    selections: list[tuple[Any, list[int]]] = [
        (np.array(mask, dtype=bool), [row for row in range(count) if mask[row]]),
        (np.array(indices, dtype=np.int64), indices),
        (slice(start, stop), list(range(count))[start:stop]),
    ]

    for rows, expected in selections:
        picked = numbered(count)[rows]
        number = np.array(expected, dtype=np.float64)
        assert picked.embeddings is not None
        assert len(picked) == len(expected)
        np.testing.assert_array_equal(picked.boxes[:, 0], number)
        np.testing.assert_array_equal(picked.boxes[:, 3], number + 2)
        np.testing.assert_array_equal(picked.scores, number / 100)
        np.testing.assert_array_equal(picked.class_ids, expected)
        np.testing.assert_array_equal(picked.embeddings, number[:, None] + 0.5)


def test_selection_without_embeddings_has_none() -> None:
    assert Detections(BOXES, SCORES)[[2, 0]].embeddings is None


def test_other_embeddings_and_no_columns_leave_the_rest_and_the_original_alone() -> None:
    found = Detections(np.array([[0.0, 0, 2, 2]]), np.array([0.5]), np.array([3]), columns={"names": ["a"]})
    described, bare = found.with_embeddings(np.array([[1.0, 0.0]])), found.without_columns()
    assert described.embeddings is not None
    assert (described.embeddings.tolist(), described.columns) == ([[1.0, 0.0]], {"names": ["a"]})
    assert (bare.columns, bare.boxes.tolist(), bare.class_ids.tolist()) == ({}, [[0, 0, 2, 2]], [3])
    assert (found.embeddings, found.columns) == (None, {"names": ["a"]})


def test_embeddings_of_no_detections_keep_their_dimension() -> None:
    found = Detections(np.empty((0, 4)), np.empty(0), embeddings=np.empty((0, 8)))

    assert found.embeddings is not None
    assert found.embeddings.shape == (0, 8)


@pytest.mark.parametrize("name", ["boxes", "scores", "class_ids", "embeddings"])
def test_a_column_cannot_be_replaced(name: str) -> None:
    found = numbered(2)

    with pytest.raises(FrozenInstanceError):
        setattr(found, name, None)


def test_a_frame_is_frozen_and_starts_no_shot_unless_told() -> None:
    frame = Frame(np.zeros((2, 3, 3), np.uint8), 1, 0.0)

    assert frame.cut is False
    with pytest.raises(FrozenInstanceError):
        frame.index = 2  # type: ignore[misc]
