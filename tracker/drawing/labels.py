"""Labels: words in dark ink on a filled tag."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from detectors.base import Image
from tracker.drawing.fonts import font_for

INK = (24, 20, 16)  # BGR of label text and outlines

Colour = tuple[int, int, int]


def text_size(picture: Image) -> int:
    """The height of letters for a picture, in pixels."""
    return int(max(11, round(min(picture.shape[:2]) / 54)))


def line_width(picture: Image) -> int:
    """The width of outlines for a picture, in pixels."""
    return int(max(2, round(min(picture.shape[:2]) / 360)))


@lru_cache(maxsize=2048)
def tag_size(words: tuple[str, ...], size: int) -> tuple[int, int]:
    """Width and height in pixels of `make_tag` with words in letters of a size."""
    pad, masks = _pad(size), [_word_mask(word, size) for word in words]
    return sum(mask.shape[1] for mask in masks) + (len(words) - 1) * _space(size) + 2 * pad, masks[0].shape[0] + pad


def make_tag(words: tuple[str, ...], colour: Colour, size: int) -> Image:
    """A tag ``(h, w, 3)`` in a colour (BGR) with words in letters of a size."""
    pad = _pad(size)
    text = text_mask(words, size)
    tag = np.zeros((text.shape[0] + pad, text.shape[1] + 2 * pad), dtype=np.uint8)
    tag[pad // 2 : pad // 2 + text.shape[0], pad : pad + text.shape[1]] = text
    return _shades_of(colour).take(tag, axis=0)


def paste(picture: Image, tag: Image, left: int, top: int) -> None:
    """Put a tag on a picture, moved so that it fits in."""
    height, width = (min(of_tag, of_all) for of_tag, of_all in zip(tag.shape[:2], picture.shape[:2], strict=True))
    left, top = min(max(left, 0), picture.shape[1] - width), min(max(top, 0), picture.shape[0] - height)
    picture[top : top + height, left : left + width] = tag[:height, :width]


@lru_cache(maxsize=512)
def _shades_of(colour: Colour) -> Image:
    """A gradient ``(256, 3)`` from a colour to that of the text."""
    paper, ink = np.array(colour, dtype=np.float32), np.array(INK, dtype=np.float32)
    return (paper + np.linspace(0, 1, 256, dtype=np.float32)[:, None] * (ink - paper)).astype(np.uint8)


@lru_cache(maxsize=512)
def _word_mask(word: str, size: int) -> Image:
    """Coverage ``(h, w)`` of a word, 0 to 255; words of one size share a base line."""
    word, font = font_for(word, size)
    canvas = PillowImage.new("L", (max(1, round(font.getlength(word))), round(size * 1.25)))
    ImageDraw.Draw(canvas).text((0, size), word, fill=255, font=font, anchor="ls", stroke_width=0)
    return np.asarray(canvas)


def text_mask(words: tuple[str, ...], size: int) -> Image:
    """Coverage ``(h, w)`` of words with spaces between. Single words are cached: texts change with each score."""
    space = np.zeros((round(size * 1.25), _space(size)), dtype=np.uint8)
    parts = [part for word in words for part in (space, _word_mask(word, size))]
    return np.hstack(parts[1:])


def _pad(size: int) -> int:
    return max(2, size // 4)


def _space(size: int) -> int:
    return max(2, size // 3)
