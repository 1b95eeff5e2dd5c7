"""A number written into a picture in black and white blocks, so that it survives a lossy video codec and scaling."""

from __future__ import annotations

import itertools
import time

import numpy as np

from detectors.base import Image

BITS, CHECK = 32, 8
MARK = (1, 0, 1, 1, 0)  # begins a stamp
BLOCKS = len(MARK) + BITS + CHECK
HEIGHT = 1 / 16  # of the picture's height, at its upper edge
CONTRAST = 100  # grey levels between black and white, as far as codecs leave them


def stamp(picture: Image, number: int) -> Image:
    """A copy of a picture ``(H, W, 3)``, at least 180 pixels wide, with a number from 0 to 2^32 - 1 on it."""
    stamped: Image = picture.copy()
    height, width = picture.shape[:2]
    check = _check(number)
    bits = [*MARK, *(number >> bit & 1 for bit in range(BITS)), *(check >> bit & 1 for bit in range(CHECK))]
    row = np.repeat(np.array(bits, np.uint8) * 255, np.diff(_edges(width)))
    stamped[: round(height * HEIGHT)] = row[None, :, None]
    return stamped


def read_stamp(picture: Image) -> int | None:
    """The number on a picture; None where there is none that can be trusted."""
    height, width = picture.shape[:2]
    strip = round(height * HEIGHT)
    row = picture[strip // 4 : max(strip // 4 + 1, strip * 3 // 4)].mean(axis=(0, 2))
    edges = _edges(width)
    levels = np.array([row[(3 * a + b) // 4 : (a + 3 * b + 3) // 4].mean() for a, b in itertools.pairwise(edges)])
    if np.ptp(levels) < CONTRAST:
        return None
    bits = levels > (levels.min() + levels.max()) / 2
    number = sum(int(bit) << place for place, bit in enumerate(bits[len(MARK) : len(MARK) + BITS]))
    check = sum(int(bit) << place for place, bit in enumerate(bits[len(MARK) + BITS :]))
    return number if tuple(bits[: len(MARK)]) == MARK and check == _check(number) else None


def milliseconds() -> int:
    """This computer's clock as a number for a stamp, the same in all its processes; begins again after 49 days."""
    return int(time.monotonic() * 1000) % (1 << BITS)


def age(number: int) -> float:
    """Seconds since `milliseconds` gave that number."""
    return ((milliseconds() - number) % (1 << BITS)) / 1000


def _edges(width: int) -> list[int]:
    return [round(width * block / BLOCKS) for block in range(BLOCKS + 1)]


def _check(number: int) -> int:
    """Changes with any single bit, and most other errors."""
    return (number * 2654435761 >> 13 ^ number >> 24 ^ number * 37) & ((1 << CHECK) - 1)
