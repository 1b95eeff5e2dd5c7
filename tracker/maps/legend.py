"""The strip below a map that says what its colours mean, and names on its panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from detectors.base import Image
from tracker.drawing.fonts import font_for
from tracker.drawing.labels import Colour

PAPER, INK, SOFT = (22, 20, 18), (240, 238, 235), (170, 166, 160)  # BGR


class Swatch(NamedTuple):
    """A colour and what it stands for."""

    colour: Colour
    words: str


class Legend:
    """A strip as wide as the map. title: what is shown. note: what of, at the right."""

    def __init__(self, width: int, title: str, note: str) -> None:
        self._width, self._title, self._note = width, title, note
        self.size = max(13, round(width / 88))

    def with_bar(self, shades: Image, marks: Sequence[tuple[float, str]]) -> Image:
        """A bar of shades ``(1, N, 3)`` with marks: shares of its length, and words."""
        size = self.size
        pen, strip = self._begin(round(5.6 * size))
        left, right, top = size, self._width - size, round(2.3 * size)
        bar = cv2.resize(shades, (right - left, size), interpolation=cv2.INTER_LINEAR)
        strip.paste(PillowImage.fromarray(np.ascontiguousarray(bar[:, :, ::-1])), (left, top))
        end = -1e9
        for share, words in marks:
            at = left + share * (right - left)
            length = _length(words, self.size)
            start = min(max(at - length / 2, left), right - length)
            pen.line([(at, top + size), (at, top + 1.35 * size)], fill=_rgb(SOFT), width=max(1, size // 12))
            if start > end + size / 2:
                _write(pen, (start, top + 2.5 * size), words, size)
                end = start + length
        return _picture(strip)

    def with_swatches(self, swatches: Sequence[Swatch]) -> Image:
        """Colours with their names, in as many lines as it takes."""
        size, step = self.size, round(1.7 * self.size)
        places, x, y = [], size, round(2.4 * size)
        for swatch in swatches:
            length = round(_length(swatch.words, self.size) + 3.4 * size)
            if x > size and x + length > self._width:
                x, y = size, y + step
            places.append((x, y))
            x += length
        pen, strip = self._begin(y + round(1.8 * size))
        for swatch, (left, top) in zip(swatches, places, strict=True):
            pen.rounded_rectangle([left, top, left + 1.5 * size, top + size], size // 5, fill=_rgb(swatch.colour))
            _write(pen, (left + 2 * size, top + 0.9 * size), swatch.words, size)
        return _picture(strip)

    def _begin(self, height: int) -> tuple[ImageDraw.ImageDraw, PillowImage.Image]:
        strip = PillowImage.new("RGB", (self._width, height), _rgb(PAPER))
        pen, size = ImageDraw.Draw(strip), self.size
        _write(pen, (size, 1.5 * size), self._title, size)
        free = self._width - 4 * size - _length(self._title, self.size)
        note = self._note
        while note and _length(note, self.size) > free:
            note = note[:-2].rstrip(".") + "." if len(note) > 8 else ""
        note, font = font_for(note, size)
        pen.text((self._width - size, 1.5 * size), note, fill=_rgb(SOFT), font=font, anchor="rs")
        return pen, strip


def name_panel(panel: Image, words: str, size: int) -> None:
    """Write a name into the top left corner of a panel."""
    width, height = min(round(_length(words, size) + 1.2 * size), panel.shape[1]), min(2 * size, panel.shape[0])
    tag = PillowImage.new("RGB", (width, height), _rgb(PAPER))
    _write(ImageDraw.Draw(tag), (0.6 * size, 1.4 * size), words, size)
    panel[:height, :width] = _picture(tag)


def _length(words: str, size: int) -> float:
    """The width in pixels of words in letters of a size."""
    words, font = font_for(words, size)
    return float(font.getlength(words))


def _write(pen: ImageDraw.ImageDraw, place: tuple[float, float], words: str, size: int) -> None:
    """Write words from a place (x, y of the base line's left end) on."""
    words, font = font_for(words, size)
    pen.text(place, words, fill=_rgb(INK), font=font, anchor="ls")


def _picture(strip: PillowImage.Image) -> Image:
    return np.ascontiguousarray(np.asarray(strip)[:, :, ::-1])


def _rgb(colour: Colour) -> tuple[int, int, int]:
    return colour[2], colour[1], colour[0]
