"""The motion that points of a picture have in common: a similarity, which is a shift, a turn and a zoom.

RANSAC finds what most points agree on (Fischler and Bolles, "Random sample consensus", 1981); whether that is a motion
of the camera is judged by how many they are, how far apart, and how many points stand still instead.
"""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Bools, Floats

REST = 0.3  # pixels of the small picture that noise and compression move a point by, and less than matters to a box
AGREE = 1.0  # pixels by which a point may miss the common motion; depth makes near things move more than far ones
FEWEST = 12  # points that have to agree
SHARE = 0.4  # of all points that have to agree
DOUBT = 0.5  # pixels of standard error, anywhere in the picture, above which a motion is not believed
OUTVOTED = 2  # points that have to agree on a motion for each one that stands still
UNEXPLAINED = 0.5  # share of the points' squared way that a motion may leave open: more is noise, not motion
STILL = np.eye(2, 3)


def agreed_motion(points: Floats, found: Floats, shape: tuple[int, ...]) -> Floats | None:
    """The similarity ``(2, 3)`` that takes points ``(N, 2)`` to where they were found, ``(N, 2)``.

    shape: height and width of the picture. The identity where the picture stands still, although other things may
    move; None where the points have too little in common to tell.
    """
    if len(points) < FEWEST:
        return None
    motion, agreeing = cv2.estimateAffinePartial2D(points, found, ransacReprojThreshold=AGREE)
    if motion is None:
        return None
    agree = agreeing.ravel() == 1
    if OUTVOTED * at_rest(points, found).sum() >= max(FEWEST, agree.sum()):
        return STILL
    if agree.sum() < max(FEWEST, SHARE * len(points)):
        return None
    points, found = _near(np.asarray(motion), points[agree], found[agree])
    return _judged(points, found, shape) if len(points) >= FEWEST else None


def at_rest(points: Floats, found: Floats) -> Bools:
    """Which of the points ``(N, 2)`` were found, ``(N, 2)``, where they had been."""
    return np.asarray(np.abs(found - points).max(axis=1) <= REST)


def similarity(points: Floats, found: Floats) -> Floats:
    """The similarity ``(2, 3)`` that takes the points ``(N, 2)``, not all in one place, nearest to ``(N, 2)``.

    Least squares, in complex numbers: a product with one turns and zooms.
    """
    a, b = points @ [1, 1j], found @ [1, 1j]
    off = a - a.mean()
    turn = np.vdot(off, b - b.mean()) / np.vdot(off, off).real
    shift = b.mean() - turn * a.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def moved(motion: Floats, points: Floats) -> Floats:
    """Where a motion ``(2, 3)`` takes points ``(N, 2)``."""
    return np.asarray(points @ motion[:, :2].T + motion[:, 2])


def picture_corners(shape: tuple[int, ...]) -> Floats:
    """The four corners ``(4, 2)`` of a picture of that height and width."""
    height, width = shape
    return np.array([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]])


def _near(motion: Floats, points: Floats, found: Floats) -> tuple[Floats, Floats]:
    """Those that a motion fits well; the others may be things that move almost as the camera does."""
    left = np.abs(moved(motion, points) - found).max(axis=1)
    near = left <= max(AGREE / 2, float(np.median(left)))
    return points[near], found[near]


def _judged(points: Floats, found: Floats, shape: tuple[int, ...]) -> Floats | None:
    """The motion of points that agree, if they bear it out."""
    motion = similarity(points, found)
    left = moved(motion, points) - found
    if _standard_error(left, points, shape) > DOUBT:
        return None
    return motion if (left**2).sum() <= UNEXPLAINED * ((found - points) ** 2).sum() else STILL


def _standard_error(left: Floats, points: Floats, shape: tuple[int, ...]) -> float:
    """Of a fitted motion, in pixels, at the corner of the picture where it is largest.

    left: ``(N, 2)`` what the motion leaves of the way of the points ``(N, 2)``.
    """
    variance = max(float((left**2).mean()), 1e-4)
    middle = points.mean(axis=0)
    farthest = ((picture_corners(shape) - middle) ** 2).sum(axis=1).max()
    spread = ((points - middle) ** 2).sum()
    return float(np.sqrt(variance * (1 / len(points) + farthest / spread)))
