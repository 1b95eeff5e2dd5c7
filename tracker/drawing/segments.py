"""The class of each pixel drawn on a picture: a soft tint with a clean edge for each, and what the colours mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from detectors.base import Bools, Image
from detectors.segmenter import BACKGROUND, Classes
from tracker.drawing.colours import colour_of
from tracker.drawing.labels import Colour, line_width, make_tag, paste, tag_size, text_size

TINT = 0.3  # of the colour inside a class: tracks and their masks, drawn above, are stronger
FIRST = 1000  # colours as of tracks whose numbers nobody reaches soon


class SegmentPainter:
    """Draws the classes of the pixels of successive frames below everything else.

    segment: picture ``(H, W, 3)`` -> classes ``(H, W)``, see `detectors.segmenter.Segmenter`. class_names: by class id.
    """

    def __init__(self, segment: Callable[[Image], Classes], class_names: Mapping[int, str]) -> None:
        self._segment, self._names = segment, class_names

    def draw(self, picture: Image) -> None:
        """Tint a picture, and name the classes that it shows in its lower left corner."""
        classes = self._segment(picture)
        shown = [number for number in np.unique(classes).tolist() if number != BACKGROUND]
        line = line_width(picture)
        for number in shown:
            tint(picture, classes == number, class_colour(number), line)
        self._draw_legend(picture, shown)

    def _draw_legend(self, picture: Image, shown: list[int]) -> None:
        size, base = text_size(picture), picture.shape[0]
        for number in reversed(shown):
            words = tuple(self._names.get(number - 1, str(number)).split()) or (str(number),)
            base -= tag_size(words, size)[1] + size // 4
            paste(picture, make_tag(words, class_colour(number), size), size // 2, base)


def class_colour(number: int) -> Colour:
    """The BGR colour of a class of pixels, from 1."""
    return colour_of(FIRST + number)


def tint(picture: Image, inside: Bools, colour: Colour, line: int) -> None:
    """Tint the pixels `inside` ``(H, W)`` and outline them. line: width in pixels."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    area, mask = picture[part], inside[part]
    table = np.arange(256, dtype=np.float32)[:, None]
    mixed = cv2.LUT(area, np.rint(table + TINT * (np.array(colour, np.float32) - table)).astype(np.uint8)[None])
    np.copyto(area, np.asarray(mixed), where=mask[..., None])
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(area, edges, True, colour, max(1, line // 2), cv2.LINE_AA)
