"""Labels stand beside their objects, hide no small one and no other label, and stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Floats
from tracker.drawing.label_layout import LabelLayout, Placed

PICTURE = (480, 640)
SIZES = np.array([[110.0, 20], [70, 20], [20, 20]])  # of the forms


def placed(boxes: Floats, layout: LabelLayout | None = None) -> list[Placed | None]:
    sizes = np.broadcast_to(SIZES, (len(boxes), *SIZES.shape))
    return (layout or LabelLayout()).place(list(range(len(boxes))), boxes, sizes, PICTURE)


def rectangle(place: Placed) -> Floats:
    width, height = SIZES[place.form]
    return np.array([place.left, place.top, place.left + width, place.top + height])


def covered(one: Floats, other: Floats) -> float:
    """Share of `other` that `one` covers."""
    side = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    return float(side.prod() / np.prod(other[2:] - other[:2]))


def test_a_lone_objects_label_is_whole_and_above_its_corner() -> None:
    (place,) = placed(np.array([[200.0, 200, 260, 400]]))
    assert place == Placed(200, 180, 0)


@pytest.mark.parametrize("box", [[0.0, 0, 90, 300], [600, 0, 640, 60], [560, 440, 640, 480], [0, 0, 640, 480]])
def test_labels_at_the_border_stay_in_the_picture(box: list[float]) -> None:
    (place,) = placed(np.array([box]))
    assert place is not None
    assert (rectangle(place)[:2] >= -2).all()
    assert (rectangle(place)[2:] <= [642, 482]).all()


def test_no_label_covers_a_small_object_or_another_label() -> None:
    rng = np.random.default_rng(0)
    for count in (4, 12, 40):
        feet, middles = rng.uniform(60, 470, count), rng.uniform(30, 610, count)
        heights = rng.uniform(14, 90, count)
        boxes = np.stack([middles - heights / 5, feet - heights, middles + heights / 5, feet], axis=1)
        labels = [rectangle(place) for place in placed(boxes) if place is not None]
        assert len(labels) >= 0.6 * count
        for at, label in enumerate(labels):
            assert all(covered(label, box) <= 0.3 for box in boxes), "objects"
            assert all(covered(label, other) <= 0.15 for other in labels[:at]), "labels placed before"


def test_a_crowd_has_shorter_labels_than_one_alone() -> None:
    x, y = (each.ravel() for each in np.meshgrid(np.arange(20.0, 600, 28), np.arange(40.0, 440, 70)))
    forms = [place.form for place in placed(np.stack([x, y, x + 22, y + 60], axis=1)) if place is not None]
    assert np.mean(np.array(forms) == 2) > 0.8


def test_a_label_stays_where_it_was_while_another_passes() -> None:
    layout, places = LabelLayout(), []
    for x in np.linspace(100, 400, 60):
        boxes = np.array([[240.0, 200, 300, 400], [x, 150, x + 40, 290]])
        places.append(placed(boxes, layout)[0])
    assert len({place for place in places if place is not None}) <= 3
    moves = sum(one != two for one, two in zip(places[1:], places[:-1], strict=True))
    assert moves <= 4


def test_hundreds_of_objects_are_placed_in_little_memory() -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 400, (600, 2))
    assert len(placed(np.concatenate([corners, corners + 20], axis=1))) == 600


def test_nothing_has_no_labels() -> None:
    assert LabelLayout().place([], np.empty((0, 4)), np.empty((0, 3, 2)), PICTURE) == []
