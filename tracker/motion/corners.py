"""Corners: points of a picture that can be found again in the next one."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Bools, Floats, Image

CELL = 27  # pixels; one corner for each such square spreads them over the picture
NEIGHBOURHOOD = 5  # pixels across that decide about a corner
MIN_EIGENVALUE = 5e-5  # of a corner; noise of one grey level just reaches it


def find_corners(grey: Image, mask: Bools) -> Floats:
    """The best corner ``(N, 2)``, x and y, of each cell that has one.

    grey: ``(h, w)``. mask: ``(h, w)``, where none is wanted. Shi and Tomasi, "Good features to track" (1994): the
    smaller eigenvalue of the gradients around a point tells how precisely it can be located in both directions.
    """
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    strength = corner_strength(grey)
    strength[mask] = 0.0
    cells = strength[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    cells = cells.transpose(0, 2, 1, 3).reshape(rows * columns, CELL * CELL)
    cell, best = np.arange(rows * columns), cells.argmax(axis=1)
    y, x = cell // columns * CELL + best // CELL, cell % columns * CELL + best % CELL
    strong = cells[cell, best] > MIN_EIGENVALUE
    return np.asarray(np.stack([x, y], axis=1)[strong], dtype=np.float64)


def corner_strength(grey: Image) -> Floats:
    """The smaller eigenvalue at each pixel, ``(h, w)``, of a grey picture."""
    return np.asarray(cv2.cornerMinEigenVal(grey, NEIGHBOURHOOD))
