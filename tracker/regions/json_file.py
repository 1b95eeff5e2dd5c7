"""Regions from a JSON file: ``{"roi": [[[x, y], ...], ...], "lines": {"door": [[x, y], [x, y]]}, ...}``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.regions.regions import ANCHORS, Regions
from tracker.regions.shape_checks import check_line, check_polygon

KEYS = ("roi", "mask", "lines", "zones", "anchor")
Check = Callable[[str, Floats], Floats]


def read_regions(path: str | Path) -> Regions:
    """The regions in a file. Raises InputError, which names the file and the region, for anything malformed."""
    content = _load(Path(path))
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


def _load(path: Path) -> Mapping[str, Any]:
    how = 'see --help: {"lines": {"door": [[x1, y1], [x2, y2]]}}'
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the path") from None
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"is no JSON that can be used: {error}", how) from None
    if not isinstance(content, dict):
        raise InputError(path, "is no JSON object", how)
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object. A name that is given twice is an error: JSON would silently lose the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name!r} is given twice")
    return found


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
