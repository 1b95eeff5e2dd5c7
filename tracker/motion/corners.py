"""Points that can be found again: the best corner of each cell of a small grey picture, and where it has gone."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Bools, Floats, Image

CELL = 27  # pixels: a corner for each such square spreads them over the picture, whatever it shows
NEIGHBOURHOOD = 5  # pixels across which a corner is judged
CONTRAST = 5e-5  # smallest eigenvalue of a corner; noise of a grey level just reaches it
WINDOW = (15, 15)  # pixels that are compared around a point
LEVELS = 3  # halvings of the picture: together with the window, steps of a sixteenth of a picture are followed
STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.03)
BACK = 0.5  # pixels by which the way forth and back may miss its start
COARSE = 4  # pixels each way that are one where a jerk is looked for


def find_corners(grey: Image, hidden: Bools) -> Floats:
    """The best corner ``(N, 2)``, x and y, of each cell that has one.

    grey: ``(h, w)``. hidden: ``(h, w)``, where none is wanted. Shi and Tomasi, "Good features to track" (1994): the
    smaller eigenvalue of the gradients around a point tells how firmly it is held in both directions.
    """
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    strength = corner_strength(grey)
    strength[hidden] = 0.0
    cells = strength[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    cells = cells.transpose(0, 2, 1, 3).reshape(rows * columns, CELL * CELL)
    cell, best = np.arange(rows * columns), cells.argmax(axis=1)
    y, x = cell // columns * CELL + best // CELL, cell % columns * CELL + best % CELL
    firm = cells[cell, best] > CONTRAST
    return np.asarray(np.stack([x, y], axis=1)[firm], dtype=np.float64)


def corner_strength(grey: Image) -> Floats:
    """How firmly each pixel ``(h, w)`` of a grey picture is held in both directions."""
    return np.asarray(cv2.cornerMinEigenVal(grey, NEIGHBOURHOOD))


def follow(before: Image, now: Image, points: Floats, shift: Floats | None = None) -> tuple[Floats, Bools]:
    """Where the points ``(N, 2)`` of one grey picture are in the next, ``(N, 2)``, and which were surely found.

    shift: ``(2,)`` pixels by which they are expected to have moved; none if left out. A point is sure if it leads back
    to where it came from (Kalal et al., "Forward-backward error: Automatic detection of tracking failures", 2010).
    """
    if not len(points):
        return points, np.empty(0, dtype=bool)
    found, forth = flow(before, now, points, points if shift is None else points + shift, LEVELS)
    # The way back need not be searched for: it starts where it should end, and leaves if that is wrong.
    again, back = flow(now, before, found, points, levels=0)
    sure = forth & back & (np.abs(again - points).max(axis=1) <= BACK)
    return found, np.asarray(sure)


def flow(before: Image, now: Image, points: Floats, guess: Floats, levels: int) -> tuple[Floats, Bools]:
    """Where the points ``(N, 2)``, N > 0, may be in the next picture, ``(N, 2)``, and which were not lost.

    guess: ``(N, 2)``, where to start to look. levels: halvings of the picture; 0 finds what is a few pixels away.

    Lucas-Kanade on image pyramids (Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker", 2000).
    """
    found, held, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        points.astype(np.float32),
        guess.astype(np.float32),
        winSize=WINDOW,
        maxLevel=levels,
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(found, dtype=np.float64), np.asarray(held).ravel() == 1


def large_shift(before: Image, now: Image) -> Floats:
    """The shift ``(2,)`` in pixels that a grey picture as a whole has made, however far; anything, if it has made none.

    Phase correlation of coarse pictures (Kuglin and Hines, "The phase correlation image alignment method", 1975).
    """
    a, b = (
        cv2.resize(grey, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
        for grey in (before, now)
    )
    window = cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(a - a.mean(), b - b.mean(), window)
    return COARSE * np.asarray(shift)
