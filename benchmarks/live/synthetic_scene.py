"""An endless synthetic scene: objects go to and fro, each in a lane of its own, so that y tells which one it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from detectors.base import Floats, Image

WIDTH, HEIGHT = 640, 360  # pixels
TOP = 40  # pixels left free at the upper edge, where a stamp may be


class Lane(NamedTuple):
    """Where an object goes. foot: y of its lower edge. size: width and height. speed: pixels a second."""

    foot: float
    size: tuple[int, int]
    speed: float
    phase: float


LANES = (
    Lane(100, (24, 52), 28, 0.0),
    Lane(164, (26, 56), 41, 0.3),
    Lane(228, (28, 58), 35, 0.55),
    Lane(292, (30, 58), 52, 0.15),
    Lane(356, (30, 58), 47, 0.8),
)


def box(lane: Lane, seconds: float) -> Floats:
    """xyxy box ``(4,)`` of the lane's object."""
    width, height = lane.size
    way = WIDTH - width
    gone = _gone(lane, seconds)
    left = min(gone, 2 * way - gone)
    return np.array([left, lane.foot - height, left + width, lane.foot])


def goes_right(lane: Lane, seconds: float) -> bool:
    """Which way the lane's object goes."""
    return _gone(lane, seconds) < WIDTH - lane.size[0]


def _gone(lane: Lane, seconds: float) -> float:
    """Pixels that the object has gone since it was last at the left."""
    once = 2 * (WIDTH - lane.size[0])
    return (lane.speed * seconds + lane.phase * once) % once


def lane_of(seen: Floats) -> int | None:
    """The lane, from 0, of a box ``(4,)``; None if it is of none."""
    middle = (seen[1] + seen[3]) / 2
    found = [index for index, lane in enumerate(LANES) if abs(lane.foot - lane.size[1] / 2 - middle) < 20]
    return found[0] if found and seen[2] - seen[0] < 3 * LANES[found[0]].size[0] else None


def pictures(rate: float, seed: int = 0) -> Iterator[Image]:
    """Pictures ``(HEIGHT, WIDTH, 3)`` BGR, `rate` a second."""
    rng = np.random.default_rng(seed)
    ground = cv2.GaussianBlur(rng.uniform(60, 200, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 3)
    ground = np.clip(120 + 4 * (ground - ground.mean()), 40, 215).astype(np.uint8)
    coats = [_coat(rng, lane) for lane in LANES]
    for number in itertools.count():
        picture = ground.copy()
        for lane, coat in zip(LANES, coats, strict=True):
            x1, y1, x2, y2 = np.rint(box(lane, number / rate)).astype(int)
            picture[y1:y2, x1:x2] = coat[: y2 - y1, : x2 - x1]
        yield picture


def _coat(rng: np.random.Generator, lane: Lane) -> Image:
    """What the lane's object looks like: a colour of its own, with blotches."""
    colour = rng.choice([30, 220], 3) + rng.uniform(-25, 25, 3)
    blotches = cv2.resize(rng.uniform(-40, 40, (8, 4)).astype(np.float32), lane.size)
    return np.clip(colour + blotches[:, :, None], 0, 255).astype(np.uint8)
