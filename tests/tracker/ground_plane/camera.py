"""A camera with known geometry: six metres above the ground, looking 20 degrees down, and cars below it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from detectors import Frame
from detectors.base import Floats
from tests.tracker.writers.made_tracks import NOTHING
from tracker.association.tracks import Tracks

WIDTH, HEIGHT, FOCAL, ABOVE, TILT = 1280, 720, 900.0, 6.0, np.deg2rad(20)
CORNERS = np.array([[-4.0, 10], [4, 10], [-4, 40], [4, 40]])
HORIZON = np.array([[0.0, HEIGHT / 2 - FOCAL * np.tan(TILT)], [WIDTH, HEIGHT / 2 - FOCAL * np.tan(TILT)]])
CAR = 1.8, 1.5  # metres wide and high


def project(ground: Floats) -> Floats:
    """Pixels ``(N, 2)`` of places ``(N, 2)``: metres to the right of the camera, and away from it."""
    away, below = _depths(ground[:, 1])
    return np.column_stack([FOCAL * ground[:, 0] / away + WIDTH / 2, FOCAL * below / away + HEIGHT / 2])


def box_at(place: Floats) -> Floats:
    """The box ``(4,)`` of a car, whose foot is at a place ``(2,)``."""
    x, y = project(place[None])[0]
    away, _ = _depths(place[1:])
    half, high = FOCAL * CAR[0] / away[0] / 2, FOCAL * CAR[1] / away[0]
    return np.array([x - half, y - high, x + half, y])


def drive(
    start: Floats, velocity: Floats, seconds: float, jitter: float = 0.0, rate: float = 25.0, seed: int = 0
) -> Iterator[tuple[Frame, Tracks, Floats]]:
    """Frames, the track of a car in them, and its feet ``(1, 2)``.

    start, velocity: ``(2,)`` metres, and metres a second. jitter: of its box's edges, as a share of its size, alike
    from frame to frame.
    """
    rng, error = np.random.default_rng(seed), np.zeros(4)
    for index in range(round(seconds * rate)):
        box = box_at(start + velocity * index / rate)
        size = np.sqrt((box[2] - box[0]) * (box[3] - box[1]))
        error = 0.5 * error + np.sqrt(0.75) * rng.normal(0, jitter, 4)
        box = box + error * size
        tracks = Tracks(np.array([1]), box[None], np.array([0.9]), np.array([0]), np.zeros(1), np.zeros(1))
        yield Frame(NOTHING, index + 1, index / rate), tracks, np.array([[(box[0] + box[2]) / 2, box[3]]])


def _depths(away: Floats) -> tuple[Floats, Floats]:
    """How far places are along the camera's axis, and below it."""
    return away * np.cos(TILT) + ABOVE * np.sin(TILT), ABOVE * np.cos(TILT) - away * np.sin(TILT)
