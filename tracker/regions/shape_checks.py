"""Checks of the shapes that people give: a line has a length, a polygon has an area and does not cross itself."""

from __future__ import annotations

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.errors import InputError
from tracker.regions.geometry import area, crosses_itself

SHORTEST = 1e-3  # pixels
LEAST_AREA = 1e-3  # square pixels

HOW_POLYGON = "give at least three points: x1,y1,x2,y2,x3,y3"
HOW_LINE = "give two points: name:x1,y1,x2,y2"


def check_line(what: str, points: Floats) -> Floats:
    """The two points ``(2, 2)`` of a line. Raises InputError, which names `what`, if they make none."""
    _check_finite(what, points)
    if len(points) != 2:
        raise InputError(what, f"a line has two points, not {len(points)}", HOW_LINE)
    if np.abs(points[1] - points[0]).max() < SHORTEST:
        raise InputError(what, "both points are the same", "give a line with a length")
    return points


def check_polygon(what: str, points: Floats) -> Floats:
    """The corners ``(P, 2)`` of a polygon, without repetitions. Raises InputError, which names `what`, for none."""
    _check_finite(what, points)
    if len(points) < 3:
        raise InputError(what, f"has {len(points)} points, and a polygon has three or more", HOW_POLYGON)
    if len(points) > limits.POINTS:
        raise InputError(what, f"has {len(points)} points", f"give at most {limits.POINTS}")
    polygon: Floats = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    if len(polygon) > 2 and crosses_itself(polygon):
        raise InputError(what, "crosses itself", "give its corners in order, all the way round")
    if len(polygon) < 3 or area(polygon) < LEAST_AREA:
        raise InputError(what, "encloses nothing: its points lie on one line", "give three that do not")
    return polygon


def _check_finite(what: str, points: Floats) -> None:
    wrong = points[~(np.abs(points) <= limits.FARTHEST_POINT)]
    if wrong.size:
        raise InputError(what, f"{wrong[0]:g} is no place in a picture", "give pixels, from the top-left corner")
