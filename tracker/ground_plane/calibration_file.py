"""The file of ``--calibrate``: JSON with points and their places, or with lengths and the horizon.

    {"size": [1920, 1080], "points": [{"picture": [412, 718], "metres": [0, 0]}, ...]}
    {"size": [1920, 1080], "horizon": [[0, 210], [1920, 215]],
     "lengths": [{"picture": [[600, 700], [760, 720]], "metres": 4.5}]}

Either may also stand in a file of regions, under "calibration".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.errors import InputError
from detectors.json_object import read_object
from tracker.ground_plane.calibration import (
    FIELDS_OF_VIEW,
    Calibration,
    KnownLength,
    from_horizon,
    from_points,
)

KEYS = ("size", "points", "horizon", "lengths", "field_of_view")
NESTED = "calibration"
HOW = 'write {"points": [{"picture": [x, y], "metres": [x, y]}, ...]} with four or more, or see docs/answers.md'
FARTHEST = 1e6  # metres
MOST = 1000  # points
ASPECT = 0.01  # by which the proportions of two pictures may differ


def load_calibration(path: str | Path, size: tuple[int, int]) -> Calibration:
    """The ground that a file tells of. size: width and height of the run's pictures, zeros if unknown.

    Raises InputError, which names the file, for anything malformed, and for points that tell nothing.
    """
    content = read_object(Path(path), HOW)
    content = content.get(NESTED, content)
    if not isinstance(content, dict):
        raise InputError(path, f"{NESTED} is no JSON object", HOW)
    if unknown := [key for key in content if key not in KEYS]:
        raise InputError(f"{path}: {unknown[0]!r}", "is not known", f"known are: {', '.join(KEYS)}")
    if ("points" in content) == ("horizon" in content or "lengths" in content):
        raise InputError(path, "has neither points, nor a horizon and lengths", HOW)
    scale = _scale(path, content, size)
    if "points" in content:
        pixels, metres = _points(path, content["points"])
        return from_points(path, pixels * scale, metres)
    return _by_horizon(path, content, size if all(size) else _size(path, content), scale)


def _by_horizon(path: str | Path, content: Mapping[str, Any], size: tuple[int, int], scale: float) -> Calibration:
    if "horizon" not in content or not content.get("lengths"):
        raise InputError(path, "a horizon needs a length, and a length the horizon", HOW)
    horizon = _pairs(f"{path}: horizon", content["horizon"])
    if len(horizon) != 2 or abs(horizon[0, 0] - horizon[1, 0]) < 1:
        raise InputError(f"{path}: horizon", "is no line from left to right", "give two points: [[x, y], [x, y]]")
    listed = _listed(f"{path}: lengths", content["lengths"])
    lengths = [_length(f"{path}: length {number}", each, scale) for number, each in enumerate(listed, 1)]
    view = content.get("field_of_view")
    if view is not None and not (_is_number(view) and FIELDS_OF_VIEW[0] <= view <= FIELDS_OF_VIEW[1]):
        low, high = FIELDS_OF_VIEW
        raise InputError(
            f"{path}: field_of_view", f"is no angle from {low:g} to {high:g}", "give degrees, or leave it out"
        )
    return from_horizon(path, horizon * scale, lengths, size, view)


def _scale(path: str | Path, content: Mapping[str, Any], size: tuple[int, int]) -> float:
    """From the pixels of the file's picture to those of the run's. Raises InputError for other proportions."""
    if "size" not in content or not all(size):
        return 1.0
    width, height = _size(path, content)
    if abs(size[0] * height / (size[1] * width) - 1) > ASPECT:
        why = f"is for pictures of {width}x{height}, and these are {size[0]}x{size[1]}"
        raise InputError(path, why, "calibrate with a picture of this source")
    return size[0] / width


def _size(path: str | Path, content: Mapping[str, Any]) -> tuple[int, int]:
    if "size" not in content:
        return 0, 0
    given = content["size"]
    sides = given if isinstance(given, list) and len(given) == 2 else [None]
    if not all(type(each) is int and 0 < each <= limits.PIXELS for each in sides):
        raise InputError(f"{path}: size", "is no width and height", 'write "size": [1920, 1080]')
    return given[0], given[1]


def _points(path: str | Path, given: Any) -> tuple[Floats, Floats]:
    """Pixels and metres ``(P, 2)`` of the points."""
    listed = _listed(f"{path}: points", given)
    for number, each in enumerate(listed, 1):
        if not (isinstance(each, dict) and set(each) == {"picture", "metres"}):
            raise InputError(f"{path}: point {number}", "has no picture and metres", HOW)
    found = [
        _pairs(f"{path}: point {number}", [each["picture"], each["metres"]]) for number, each in enumerate(listed, 1)
    ]
    both = np.array(found).reshape(-1, 2, 2)
    return both[:, 0], both[:, 1]


def _length(what: str, given: Any, scale: float) -> KnownLength:
    if not (isinstance(given, dict) and set(given) == {"picture", "metres"}):
        raise InputError(what, "has no picture and metres", 'write {"picture": [[x, y], [x, y]], "metres": 4.5}')
    ends, metres = _pairs(what, given["picture"]), given["metres"]
    if len(ends) != 2 or np.linalg.norm(ends[1] - ends[0]) < 1:
        raise InputError(what, "is no line between two points", 'write "picture": [[x, y], [x, y]]')
    if not (_is_number(metres) and 0 < metres <= FARTHEST):
        raise InputError(what, "its metres are no length", "give metres above 0")
    return KnownLength(ends[0] * scale, ends[1] * scale, float(metres))


def _listed(what: str, given: Any) -> list[Any]:
    if not isinstance(given, list) or len(given) > MOST:
        raise InputError(what, f"is no list of up to {MOST}", HOW)
    return given


def _pairs(what: str, given: Any) -> Floats:
    """Pairs of numbers ``(P, 2)``."""
    pairs = given if isinstance(given, list) else [None]
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and all(_is_number(each) for each in pair)):
            raise InputError(what, "has something that is no pair of numbers", "write pairs as [x, y]")
        if max(abs(each) for each in pair) > limits.FARTHEST_POINT:
            raise InputError(what, "a number is too large", "give pixels, and metres")
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value)
