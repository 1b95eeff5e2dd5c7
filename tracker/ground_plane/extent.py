"""How much of the ground a picture shows well, and which way round it lies."""

from __future__ import annotations

import numpy as np

from detectors.base import Floats
from tracker.ground_plane.calibration import Calibration

COARSEST = 40.0  # metres a pixel, over those where the picture shows the ground best: beyond that, it is not shown
SAMPLES = 48  # along each side of the picture


def shown_well(calibration: Calibration, size: tuple[int, int]) -> Floats:
    """Places ``(P, 2)`` in metres that a picture of this size shows well, and those that the ground is known by."""
    x, y = (np.linspace(0, side, SAMPLES) for side in size)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    homography = calibration.homography
    points = points[homography.on_ground(points)]
    coarse = np.linalg.norm(homography.metres_per_pixel(points), ord=2, axis=(1, 2))
    points = points[coarse <= COARSEST * coarse.min(initial=np.inf)]
    return np.concatenate([homography.to_metres(points), homography.to_metres(calibration.extent)])


def turns(calibration: Calibration) -> bool:
    """Whether y of the ground goes up where the picture, laid on it, is not mirrored."""
    middle = calibration.extent.mean(axis=0)[None]
    return bool(np.linalg.det(calibration.homography.metres_per_pixel(middle)[0]) < 0)
