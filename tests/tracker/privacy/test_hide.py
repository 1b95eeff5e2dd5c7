"""What is hidden cannot be made out any more, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Image
from detectors.masks import Mask
from tracker.privacy.cover import Cover, cover_of, head_of
from tracker.privacy.hide import hide
from tracker.privacy.policy import Manner, Style

BOX = np.array([60.0, 40, 120, 200])


def noise() -> Image:
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def hidden(cover: Cover) -> Image:
    picture = noise()
    hide(picture, [cover])
    return picture


def detail(picture: Image) -> float:
    """Mean difference of neighbouring pixels."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


@pytest.mark.parametrize("style", ["blur", "pixelate"])
def test_a_box_is_hidden_with_a_margin(style: Style) -> None:
    picture = hidden(cover_of(Manner(style), BOX))
    assert detail(picture[36:204, 56:124]) < 0.1 * detail(noise()[36:204, 56:124])
    changed = (picture != noise()).any(axis=2)
    assert changed[33:208, 53:128].mean() > 0.97
    changed[22:218, 42:138] = False
    assert not changed.any()


def test_squares_are_of_one_colour_each() -> None:
    picture = hidden(cover_of(Manner("pixelate"), BOX))
    assert len(np.unique(picture[40:200, 60:120].reshape(-1, 3), axis=0)) < 60


@pytest.mark.parametrize("style", ["blur", "pixelate"])
def test_a_mask_is_hidden_with_a_margin_and_not_its_box(style: Style) -> None:
    pixels = np.zeros((160, 60), bool)
    pixels[20:150, 15:45] = True
    picture = hidden(cover_of(Manner(style), BOX, Mask.pack(pixels, 60, 40)))
    assert detail(picture[60:190, 75:105]) < 0.1 * detail(noise()[60:190, 75:105])
    np.testing.assert_array_equal(picture[41:50], noise()[41:50])
    np.testing.assert_array_equal(picture[:, :62], noise()[:, :62])


def test_a_mask_that_covers_hardly_anything_is_not_trusted() -> None:
    pixels = np.zeros((160, 60), bool)
    pixels[:20] = True
    assert cover_of(Manner("blur"), BOX, Mask.pack(pixels, 60, 40)).mask is None


def test_who_is_not_seen_is_covered_by_a_box_that_grows() -> None:
    mask = Mask.pack(np.ones((160, 60), bool), 60, 40)
    covers = [cover_of(Manner("blur"), BOX, mask, unseen) for unseen in (0.0, 0.1, 0.5)]
    assert [cover.mask is None for cover in covers] == [False, True, True]
    widths = [float(cover.box[2] - cover.box[0]) for cover in covers]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize(
    ("box", "head"),
    [
        ([0, 0, 40, 100], [0, 0, 40, 24]),  # who stands
        ([0, 0, 80, 100], [0, 0, 80, 48]),  # of whom the upper half is seen
        ([0, 0, 100, 40], [0, 0, 100, 40]),  # who lies
    ],
)
def test_a_head_is_the_upper_part_of_who_stands(box: list[float], head: list[float]) -> None:
    np.testing.assert_allclose(head_of(np.array(box, float)), head)


def test_of_a_face_the_rest_of_the_body_stays() -> None:
    picture = hidden(cover_of(Manner("blur", head=True), BOX, Mask.pack(np.ones((160, 60), bool), 60, 40)))
    assert detail(picture[40:76, 60:120]) < 0.1 * detail(noise()[40:76, 60:120])
    np.testing.assert_array_equal(picture[100:], noise()[100:])


@pytest.mark.parametrize("shift", [[-100, -100], [1e12, 0], [-1e12, -1e12], [300, 0], [0, 230]])
def test_covers_may_reach_outside_of_the_picture(shift: list[float]) -> None:
    box = BOX + np.tile(shift, 2)
    picture = noise()
    hide(picture, [cover_of(Manner("blur"), box), Cover(Manner("blur"), BOX, Mask(-500, 3, 0, 0, b""))])
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = np.clip(box + np.array([-60, -60, 60, 60]), 0, [width, height, width, height]).astype(int)
    picture[y1:y2, x1:x2] = noise()[y1:y2, x1:x2]
    np.testing.assert_array_equal(picture, noise())  # nothing else is hidden
