"""Masks are packed without loss, cropped by the rule for boxes, and follow boxes that move and grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.masks import Mask, box_crops, fitted, mask_iou, moved, union

SIDES, PLACES = st.integers(0, 12), st.integers(-8, 20)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Of any size, empty ones too, also outside of a frame."""
    pixels = np.random.default_rng(draw(st.integers(0, 10**6))).random((draw(SIDES), draw(SIDES))) < 0.5
    return Mask.pack(pixels, draw(PLACES), draw(PLACES))


@given(masks())
def test_packing_loses_nothing(mask: Mask) -> None:
    assert Mask.pack(mask.pixels(), mask.x, mask.y) == mask
    assert mask.area == mask.pixels().sum()


@given(masks(), st.integers(1, 15), st.integers(1, 15))
def test_the_part_inside_a_frame_is_what_the_frame_shows(mask: Mask, height: int, width: int) -> None:
    frame = np.zeros((60, 60), bool)
    frame[mask.y + 20 :, mask.x + 20 :][: mask.height, : mask.width] = mask.pixels()
    np.testing.assert_array_equal(mask.on_frame(height, width), frame[20 : 20 + height, 20 : 20 + width])
    inside = mask.within(height, width)
    assert inside.area == mask.on_frame(height, width).sum()
    assert inside.x >= 0
    assert inside.y >= 0
    assert inside.rectangle[2] <= width
    assert inside.rectangle[3] <= height


def test_bits_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="1 bytes are no 3 x 3 pixels"):
        Mask(0, 0, 3, 3, b"\x00")


def test_a_box_is_cropped_to_the_pixels_that_it_touches() -> None:
    boxes = np.array([[1.2, 2.0, 3.1, 4.0], [-5, -5, 2, 2], [20, 3, 30, 5], [8.5, 5.5, 99, 99]])
    expected = [[1, 2, 4, 4], [0, 0, 2, 2], [10, 3, 10, 5], [8, 5, 10, 6]]
    assert box_crops(boxes, height=6, width=10).tolist() == expected


@given(masks(), masks())
def test_union_and_iou_are_those_of_whole_frames(first: Mask, second: Mask) -> None:
    a, b = (moved(mask, (8, 8)) for mask in (first, second))
    assert a is not None
    assert b is not None
    frames = a.on_frame(50, 50), b.on_frame(50, 50)
    whole = union(a, b)
    assert whole is not None
    np.testing.assert_array_equal(whole.on_frame(50, 50), frames[0] | frames[1])
    total = (frames[0] | frames[1]).sum()
    assert mask_iou(a, b) == pytest.approx((frames[0] & frames[1]).sum() / total if total else 0.0)
    assert union(a, None) == union(None, a) == a
    assert union(None, None) is None


def test_a_mask_follows_a_box_that_moves_and_grows() -> None:
    mask = Mask.pack(np.array([[1, 0], [0, 1]], bool), 10, 20)
    after = fitted(mask, np.array([10.0, 20, 12, 22]), np.array([110.0, 220, 114, 226]))
    assert after.rectangle == (110, 220, 114, 226)
    np.testing.assert_array_equal(after.pixels(), np.kron([[1, 0], [0, 1]], np.ones((3, 2))).astype(bool))


def test_a_box_without_a_size_is_only_followed() -> None:
    mask = Mask.pack(np.ones((2, 2), bool), 10, 20)
    assert fitted(mask, np.array([10.0, 20, 10, 22]), np.array([13.0, 24, 99, 99])).rectangle == (13, 24, 15, 26)


def test_a_mask_does_not_outgrow_every_picture() -> None:
    mask = Mask.pack(np.ones((2, 2), bool), 0, 0)
    assert fitted(mask, np.array([0.0, 0, 2, 2]), np.array([0.0, 0, 1e6, 1e6])) is mask
