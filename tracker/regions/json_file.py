"""Regions from a JSON file: ``{"roi": [[[x, y], ...], ...], "lines": {"door": [[x, y], [x, y]]}, ...}``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from detectors.json_object import read_object
from tracker.regions.regions import ANCHORS, Regions
from tracker.regions.shape_checks import check_line, check_polygon

KEYS = ("roi", "mask", "lines", "zones", "anchor", "calibration")
HOW = 'see --help: {"lines": {"door": [[x1, y1], [x2, y2]]}}'
Check = Callable[[str, Floats], Floats]


def read_regions(path: str | Path) -> Regions:
    """The regions in a file, which may hold a calibration too, for ``--calibrate``.

    Raises InputError, which names the file and the region, for anything malformed.
    """
    content = read_object(Path(path), HOW)
    unknown = [key for key in content if key not in KEYS]
    if unknown:
        raise InputError(f"{path}: {unknown[0]!r}", "is not known", f"known are: {', '.join(KEYS)}")
    anchor = content.get("anchor", ANCHORS[0])
    if anchor not in ANCHORS:
        raise InputError(f"{path}: anchor {anchor!r}", "no such point of a box", f"choose one of: {', '.join(ANCHORS)}")
    return Regions(
        _polygons(f"{path}: roi", content.get("roi", [])),
        _polygons(f"{path}: mask", content.get("mask", [])),
        _by_name(f"{path}: lines", content.get("lines", {}), check_line),
        _by_name(f"{path}: zones", content.get("zones", {}), check_polygon),
        anchor,
    )


def _polygons(what: str, listed: Any) -> list[Floats]:
    if not isinstance(listed, list):
        raise InputError(what, "is no list of polygons", "write [[[x, y], [x, y], [x, y]], ...]")
    return [
        check_polygon(f"{what} {number}", _points(f"{what} {number}", points))
        for number, points in enumerate(listed, 1)
    ]


def _by_name(what: str, named: Any, check: Check) -> dict[str, Floats]:
    if not isinstance(named, dict):
        raise InputError(what, "has no names", 'write {"name": [[x, y], [x, y], ...], ...}')
    for name in named:
        if not name.strip():
            raise InputError(what, "one has no name", "give it one")
    return {name: check(f"{what} {name!r}", _points(f"{what} {name!r}", points)) for name, points in named.items()}


def _points(what: str, listed: Any) -> Floats:
    """Points ``(P, 2)`` from ``[[x, y], ...]``."""
    pairs = listed if isinstance(listed, list) else [None]
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(number) in (int, float) for number in pair)):
            raise InputError(what, f"{json.dumps(pair)[:60]} is no point", "write points as [x, y], in pixels")
    try:
        return np.array(pairs, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        raise InputError(what, "a number is too large", "give pixels") from None
