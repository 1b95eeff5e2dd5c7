"""Regions as written on the command line: ``x1,y1,x2,y2,...``, and ``name:`` before it for lines and zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from detectors.base import Floats
from detectors.errors import InputError
from tracker.regions.shape_checks import HOW_LINE, HOW_POLYGON, check_line, check_polygon

Texts = str | Sequence[str]
"""One text, or several."""


def parse_polygons(option: str, texts: Texts) -> list[Floats]:
    """The polygons ``(P, 2)`` of an option. Raises InputError."""
    return [parse_polygon(option, text) for text in _listed(texts)]


def parse_lines(texts: Texts, known: Mapping[str, Floats]) -> dict[str, Floats]:
    """The lines ``(2, 2)`` of ``--line`` by name, added to the known ones. Raises InputError."""
    return _named_shapes("--line", texts, check_line, known)


def parse_zones(texts: Texts, known: Mapping[str, Floats]) -> dict[str, Floats]:
    """The polygons ``(P, 2)`` of ``--zone`` by name, added to the known ones. Raises InputError."""
    return _named_shapes("--zone", texts, check_polygon, known)


def parse_polygon(option: str, text: str) -> Floats:
    """A polygon ``(P, 2)`` from ``x1,y1,x2,y2,...``. Raises InputError."""
    what = f"{option} {text}"
    return check_polygon(what, _points(what, text, HOW_POLYGON))


def _named_shapes(
    option: str, texts: Texts, check: Callable[[str, Floats], Floats], known: Mapping[str, Floats]
) -> dict[str, Floats]:
    how = HOW_LINE if option == "--line" else f"{HOW_POLYGON.replace(': ', ': name:')}"
    found = dict(known)
    for text in _listed(texts):
        name, colon, numbers = text.rpartition(":")
        name = name.strip()
        if not colon or not name:
            raise InputError(f"{option} {text}", "has no name", how)
        if name in found:
            raise InputError(f"{option} {name}", "the name is given twice", "choose two names")
        found[name] = check(f"{option} {text}", _points(f"{option} {text}", numbers, how))
    return found


def _listed(texts: Texts) -> Sequence[str]:
    return [texts] if isinstance(texts, str) else texts


def _points(what: str, text: str, how: str) -> Floats:
    """Points ``(P, 2)`` from ``x1,y1,x2,y2,...``."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        wrong = next(part.strip() for part in text.split(",") if not _is_number(part))
        raise InputError(what, f"{wrong!r} is not a number", how) from None
    if len(numbers) % 2:
        raise InputError(what, f"has {len(numbers)} numbers: an x without its y", how)
    return np.array(numbers).reshape(-1, 2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
