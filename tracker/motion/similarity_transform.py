"""The motion that points of a picture have in common: a similarity transform (a shift, a rotation and a zoom).

RANSAC finds what most points agree on (Fischler and Bolles, "Random sample consensus", 1981). Whether that is motion of
the camera depends on how many they are, how far apart, and how many points stand still instead.
"""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Bools, Floats

MAX_REST = 0.3  # pixels of the small picture, by which noise and compression move points; too little to matter to boxes
MAX_RESIDUAL = 1.0  # pixels by which a point may miss the common motion; near things move more than far ones
MIN_POINTS = 12  # points that have to agree
MIN_SHARE = 0.4  # of all points that have to agree
MAX_STANDARD_ERROR = 0.5  # pixels of standard error, anywhere in the picture, above which a motion is rejected
MOVING_PER_STILL = 2  # points that have to agree on a motion for each one that stands still
MAX_UNEXPLAINED = 0.5  # share of the points' squared motion that it may leave unexplained: more is noise, not motion
STILL = np.eye(2, 3)


def consensus_motion(points: Floats, found: Floats, shape: tuple[int, ...]) -> Floats | None:
    """The similarity ``(2, 3)`` that takes points ``(N, 2)`` to where they were found, ``(N, 2)``.

    shape: height and width of the picture. The identity where the picture stands still, although other things may
    move; None where the points have too little in common.
    """
    if len(points) < MIN_POINTS:
        return None
    motion, agreeing = cv2.estimateAffinePartial2D(points, found, ransacReprojThreshold=MAX_RESIDUAL)
    if motion is None:
        return None
    agree = agreeing.ravel() == 1
    if MOVING_PER_STILL * at_rest(points, found).sum() >= max(MIN_POINTS, agree.sum()):
        return STILL
    if agree.sum() < max(MIN_POINTS, MIN_SHARE * len(points)):
        return None
    points, found = _inliers(np.asarray(motion), points[agree], found[agree])
    return _verified(points, found, shape) if len(points) >= MIN_POINTS else None


def at_rest(points: Floats, found: Floats) -> Bools:
    """Which of the points ``(N, 2)`` were found, ``(N, 2)``, where they had been."""
    return np.asarray(np.abs(found - points).max(axis=1) <= MAX_REST)


def fit_similarity(points: Floats, found: Floats) -> Floats:
    """The similarity ``(2, 3)`` that takes the points ``(N, 2)``, not all in one place, nearest to ``(N, 2)``.

    Least squares, in complex numbers: multiplying by one rotates and zooms.
    """
    a, b = points @ [1, 1j], found @ [1, 1j]
    off = a - a.mean()
    turn = np.vdot(off, b - b.mean()) / np.vdot(off, off).real
    shift = b.mean() - turn * a.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def transform_points(motion: Floats, points: Floats) -> Floats:
    """Where a motion ``(2, 3)`` takes points ``(N, 2)``."""
    return np.asarray(points @ motion[:, :2].T + motion[:, 2])


def picture_corners(shape: tuple[int, ...]) -> Floats:
    """The four corners ``(4, 2)`` of a picture of that height and width."""
    height, width = shape
    return np.array([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]])


def _inliers(motion: Floats, points: Floats, found: Floats) -> tuple[Floats, Floats]:
    """The points that a motion fits well; others may belong to things that move almost as the camera does."""
    residuals = np.abs(transform_points(motion, points) - found).max(axis=1)
    near = residuals <= max(MAX_RESIDUAL / 2, float(np.median(residuals)))
    return points[near], found[near]


def _verified(points: Floats, found: Floats, shape: tuple[int, ...]) -> Floats | None:
    """The motion of points that agree; the identity if it explains too little, None if it is too uncertain."""
    motion = fit_similarity(points, found)
    residuals = transform_points(motion, points) - found
    if _standard_error(residuals, points, shape) > MAX_STANDARD_ERROR:
        return None
    return motion if (residuals**2).sum() <= MAX_UNEXPLAINED * ((found - points) ** 2).sum() else STILL


def _standard_error(residuals: Floats, points: Floats, shape: tuple[int, ...]) -> float:
    """Of a fitted motion, in pixels, at the corner of the picture where it is largest.

    residuals: ``(N, 2)`` of the points ``(N, 2)``.
    """
    variance = max(float((residuals**2).mean()), 1e-4)
    middle = points.mean(axis=0)
    farthest = ((picture_corners(shape) - middle) ** 2).sum(axis=1).max()
    spread = ((points - middle) ** 2).sum()
    return float(np.sqrt(variance * (1 / len(points) + farthest / spread)))
