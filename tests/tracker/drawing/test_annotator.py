"""What is drawn: visible, inside the picture, in a colour that stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors import Frame
from detectors.base import Image
from detectors.masks import Mask
from tests.tracker.writers.made_tracks import tracks_of
from tracker.drawing.annotator import Annotator
from tracker.drawing.colours import colour_of


def grey(height: int = 240, width: int = 320, shade: int = 90) -> Image:
    return np.full((height, width, 3), shade, np.uint8)


def test_neighbouring_numbers_have_colours_far_apart() -> None:
    colours = np.array([colour_of(track_id) for track_id in range(1, 200)], dtype=float)
    distances = np.linalg.norm(colours[1:] - colours[:-1], axis=1)
    assert distances.min() > 60
    assert colour_of(7) == colour_of(7)


def test_colours_are_bright_enough_for_dark_text() -> None:
    b, g, r = np.array([colour_of(track_id) for track_id in range(1, 500)], dtype=float).T
    assert (0.114 * b + 0.587 * g + 0.299 * r).min() > 95


def test_box_and_label_are_drawn_and_the_frame_is_left_alone() -> None:
    picture = grey()
    drawn = Annotator({0: "person"}).draw(Frame(picture, 1, 0.0), tracks_of((4, [100, 80, 160, 200], 0.87, 0)))
    assert (picture == 90).all()
    assert tuple(drawn[140, 100]) == colour_of(4)
    label = drawn[60:78, 100:170]
    assert (np.abs(label.astype(int) - colour_of(4)).sum(axis=2) < 12).mean() > 0.3
    assert (label.sum(axis=2) < 200).any(), "dark text"
    assert (drawn[210:, 200:] == 90).all()


def test_drawing_in_place_gives_the_same_picture_without_a_copy() -> None:
    tracks, picture = tracks_of((4, [100, 80, 160, 200], 0.87, 0)), grey()
    copy = Annotator({0: "person"}).draw(Frame(picture, 1, 0.0), tracks)
    drawn = Annotator({0: "person"}, in_place=True).draw(Frame(picture, 1, 0.0), tracks)
    assert drawn is picture
    assert (drawn == copy).all()


@pytest.mark.parametrize(
    "box",
    [
        [-40, -30, 20, 60],
        [300, 200, 400, 300],
        [0, 0, 320, 240],
        [500, 500, 520, 540],
        [-90, -90, -10, -10],
        [1e10, 5, 2e10, 50],
    ],
)
def test_boxes_over_the_border_are_fine(box: list[float]) -> None:
    drawn = Annotator({}).draw(Frame(grey(), 1, 0.0), tracks_of((1, box, 0.5, 0)))
    assert drawn.shape == (240, 320, 3)


def test_tiny_pictures_and_long_names_fit() -> None:
    drawn = Annotator({0: "a very long name indeed, longer than the picture"}).draw(
        Frame(grey(24, 32), 1, 0.0), tracks_of((123456, [2, 2, 20, 20], 0.5, 0))
    )
    assert drawn.shape == (24, 32, 3)


def test_a_trail_follows_and_fades() -> None:
    annotator = Annotator({})
    for index in range(20):
        x = 20.0 + 8 * index
        drawn = annotator.draw(Frame(grey(), index + 1, index / 10), tracks_of((1, [x, 50, x + 30, 120], 0.9, 0)))
    trail = (drawn[116:126, :160] != 90).any(axis=(0, 2))
    assert trail[90:150].any(), "where it was half a second ago"
    assert not trail[:30].any(), "not where it was two seconds ago"
    drawn = annotator.draw(Frame(grey(), 21, 2.0, cut=True), tracks_of())
    assert (drawn == 90).all()


def test_unicode_class_names_are_drawn() -> None:
    Annotator({0: "Fußgänger 行人"}).draw(Frame(grey(), 1, 0.0), tracks_of((1, [100, 80, 160, 200], 0.9, 0)))
    assert colour_of(1) != colour_of(2)


def test_keypoints_that_are_visible_are_drawn_and_joined() -> None:
    points = np.full((1, 17, 3), np.nan)
    points[0, 5], points[0, 6], points[0, 11] = [110, 100, 0.9], [150, 100, 0.8], [120, 150, 0.2]
    tracks = tracks_of((4, [100, 80, 160, 200], 0.87, 0))
    plain = Annotator({}).draw(Frame(grey(), 1, 0.0), tracks)
    drawn = Annotator({}).draw(Frame(grey(), 1, 0.0), replace(tracks, columns={"keypoints": points}))
    assert tuple(drawn[100, 110]) == tuple(drawn[100, 130]) == colour_of(4), "both shoulders, and the line between them"
    assert (drawn[120:] == plain[120:]).all(), "a hip that is hardly seen is not drawn"


def test_a_mask_is_tinted_inside_and_nowhere_else() -> None:
    pixels = np.zeros((120, 60), bool)
    pixels[20:100, 10:50] = True
    tracks = tracks_of((4, [100, 80, 160, 200], 0.87, 0))
    plain = Annotator({}).draw(Frame(grey(), 1, 0.0), tracks)
    masks = [Mask.pack(pixels, 100, 80)]
    drawn = Annotator({}).draw(Frame(grey(), 1, 0.0), replace(tracks, columns={"masks": masks}))
    inside, colour, before = drawn[130, 130].astype(float), np.array(colour_of(4), float), plain[130, 130].astype(float)
    np.testing.assert_allclose(inside, before + 0.38 * (colour - before), atol=1.5)
    changed = (drawn != plain).any(axis=2)
    assert changed[104:176, 114:146].all(), "all of the object"
    changed[94:186, 104:156] = False
    assert not changed.any(), "nothing else"


@pytest.mark.parametrize("place", [(-30, -30), (10**6, 5), (5, -(10**6)), (310, 230)])
def test_a_mask_may_lie_at_the_border_or_outside(place: tuple[int, int]) -> None:
    masks = [Mask.pack(np.ones((60, 40), bool), *place), Mask(3, 3, 0, 0, b"")]
    tracks = tracks_of((4, [100, 80, 160, 200], 0.8, 0), (5, [1, 1, 9, 9], 0.8, 0))
    drawn = Annotator({}).draw(Frame(grey(), 1, 0.0), replace(tracks, columns={"masks": masks}))
    assert (drawn != grey()).any(), "boxes are drawn all the same"


def test_keypoints_without_a_skeleton_a_confidence_or_a_place_in_the_picture_are_fine() -> None:
    points = np.array([[[120.0, 100.0], [1e12, -1e12], [np.nan, 3.0]]])
    tracks = replace(tracks_of((4, [100, 80, 160, 200], 0.87, 0)), columns={"keypoints": points})
    assert tuple(Annotator({}).draw(Frame(grey(), 1, 0.0), tracks)[100, 120]) == colour_of(4)


def test_a_trail_ends_in_its_box_however_fast_the_object_is() -> None:
    annotator = Annotator({})
    for index in range(12):
        x = 20.0 + 20 * index
        tracks = tracks_of((4, [x, 50, x + 30, 120], 0.9, 0))
        drawn = annotator.draw(Frame(grey(), index + 1, index / 25), tracks)
    foot = drawn[119, round(x) - 20 : round(x) + 16]
    assert (foot == colour_of(4)).all(axis=1).mean() > 0.9, "from outside of the box to its foot"


def test_a_small_object_is_not_hidden_by_its_own_outline() -> None:
    tracks = tracks_of((4, [100, 100, 112, 108], 0.9, 0))
    drawn = Annotator({}).draw(Frame(grey(), 1, 0.0), tracks)
    assert (drawn[101:107, 101:111] == 90).all(axis=2).mean() > 0.9
