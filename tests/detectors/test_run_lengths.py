"""Run lengths: the same text as pycocotools, and every mask back; damage is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from detectors.masks import Mask
from detectors.run_lengths import decode, encode, from_text, run_lengths, to_text
from tests.detectors.test_masks import masks

SIDES = st.integers(1, 25)


@given(masks(), SIDES, SIDES)
def test_the_text_is_that_of_pycocotools_and_comes_back(mask: Mask, height: int, width: int) -> None:
    frame = mask.on_frame(height, width)
    ours = encode(mask, height, width)
    theirs = coco_mask.encode(np.asfortranarray(frame.astype(np.uint8)))
    assert ours == {"size": [height, width], "counts": theirs["counts"].decode()}
    for counts in (ours["counts"], theirs["counts"], run_lengths(mask, height, width).tolist()):
        back = decode({"size": [height, width], "counts": counts})
        np.testing.assert_array_equal(back.on_frame(height, width), frame)


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=30))
def test_lengths_of_any_size_come_back(lengths: list[int]) -> None:
    assert from_text(to_text(np.array(lengths))).tolist() == lengths


def test_what_is_read_is_cropped_to_what_it_covers() -> None:
    mask = Mask.pack(np.ones((3, 2), bool), 70, 40)
    assert decode(encode(mask, 100, 200)) == mask
    assert decode(encode(Mask(0, 0, 0, 0, b""), 100, 200)).area == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], "no run-length encoding"),
        ({"size": [4, 4]}, "no run-length encoding"),
        ({"size": [4], "counts": "`0"}, "no size of height and width"),
        ({"size": [4, -4], "counts": "`0"}, "no size"),
        ({"size": [10**6, 10**6], "counts": [10**12]}, "no size"),
        ({"counts": [16]}, "no size"),
        ({"size": [4, 4], "counts": [15]}, "do not fill its frame of 4 x 4"),
        ({"size": [4, 4], "counts": [-1, 17]}, "neither text nor whole numbers"),
        ({"size": [4, 4], "counts": [8.0, 8]}, "neither text nor whole numbers"),
        ({"size": [4, 4], "counts": None}, "neither text nor whole numbers"),
        ({"size": [4, 4], "counts": "   "}, "no text of run lengths"),
        ({"size": [4, 4], "counts": "P"}, "no text of run lengths"),
        ({"size": [4, 4], "counts": "\u00e9"}, "no text of run lengths"),
        ({"size": [4, 4], "counts": "P" * 20 + "0"}, "longer than any frame"),
        ({"size": [4, 4], "counts": ""}, "do not fill"),
    ],
)
def test_damage_is_told(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(value)


def test_a_mask_of_another_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="of 8 x 4 pixels is not of a frame of 4 x 8"):
        decode(encode(Mask.pack(np.ones((2, 2), bool), 0, 0), 4, 8), (8, 4))
