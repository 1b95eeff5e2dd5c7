"""The plan of a run's regions: what the options and a file say, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from detectors.base import Bools, Floats
from detectors.errors import InputError
from tracker.regions.geometry import area, contains, crosses_itself, segments_cross

if TYPE_CHECKING:
    from tracker.run.options import Options

ANCHORS = ("foot", "centre")
FARTHEST = 1e6  # pixels; what is farther out is a slip of the hand
MOST_POINTS = 1000
LEAST_AREA = 1e-3  # square pixels

HOW_POLYGON = "give at least three points: x1,y1,x2,y2,x3,y3"
HOW_LINE = "give two points: name:x1,y1,x2,y2"
Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Plan:
    """Where in the picture something is to be looked at, ignored or counted.

    roi, mask: polygons ``(P, 2)``; what stands outside all of `roi` (if there are any) or inside any of `mask` is
    ignored. lines: by name, ``(2, 2)``, first and second point. zones: polygons by name. anchor: the point of a box
    that tells where its object is: "foot", the middle of its lower edge, or "centre", for a camera that looks straight
    down. size: width and height of the picture, zeros if unknown.
    """

    roi: Sequence[Floats] = ()
    mask: Sequence[Floats] = ()
    lines: Mapping[str, Floats] = field(default_factory=dict)
    zones: Mapping[str, Floats] = field(default_factory=dict)
    anchor: str = ANCHORS[0]
    size: Size = (0, 0)

    def __bool__(self) -> bool:
        return bool(self.roi or self.mask or self.lines or self.zones)

    def anchors(self, boxes: Floats) -> Floats:
        """Where ``(N, 2)`` the objects with these boxes ``(N, 4)`` are.

        It is a point of the picture, also for a box that reaches over its border: a region that somebody has drawn up
        to the border holds all that stands there.
        """
        y = boxes[:, 3] if self.anchor == "foot" else (boxes[:, 1] + boxes[:, 3]) / 2
        points = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, y])
        return np.clip(points, 0, np.array(self.size) - 1.0) if all(self.size) else points

    @property
    def where(self) -> Callable[[Floats], Bools] | None:
        """Tells which boxes are not ignored; None if all are looked at."""
        return self._looks_at if self.roi or self.mask else None

    def _looks_at(self, boxes: Floats) -> Bools:
        points = self.anchors(boxes)
        wanted = np.full(len(points), not self.roi)
        for polygon in self.roi:
            wanted |= contains(polygon, points)
        for polygon in self.mask:
            wanted &= ~contains(polygon, points)
        return wanted

    def warnings(self) -> Iterator[str]:
        """What lies outside the picture, if its size is known."""
        if not all(self.size):
            return
        shown = f"the picture ({self.size[0]}x{self.size[1]})"
        for option, points in self._named():
            if not ((points >= 0) & (points <= self.size)).all():
                wholly = "reaches" if touches_picture(points, self.size) else "lies wholly"
                yield f"{option}: {wholly} outside {shown}"

    def _named(self) -> Iterator[tuple[str, Floats]]:
        """Each region as messages call it."""
        for option, polygons in (("--roi", self.roi), ("--mask", self.mask)):
            for polygon in polygons:
                yield f"{option} {spelled(polygon)}", polygon
        for option, named in (("--line", self.lines), ("--zone", self.zones)):
            yield from ((f"{option} {name}", points) for name, points in named.items())


def touches_picture(points: Floats, size: Size) -> bool:
    """Whether a line or polygon has anything in a picture of that size (width, height)."""
    frame = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float64)
    if ((points >= 0) & (points <= size)).all(axis=1).any():
        return True
    if segments_cross(points, np.roll(points, -1, axis=0), frame, np.roll(frame, -1, axis=0)).any():
        return True
    return len(points) > 2 and bool(contains(points, frame).any())


def make_plan(options: Options, size: Size) -> Plan:
    """What ``--roi``, ``--mask``, ``--line``, ``--zone``, ``--anchor`` and ``--regions`` say together.

    size: width and height of the picture, zeros if unknown. Raises InputError, which names the region, for anything
    malformed, and for a name that is given twice.
    """
    given = Plan()
    if options.regions is not None:
        from tracker.regions.file import read_regions

        given = read_regions(options.regions)
    anchor = given.anchor if options.anchor is None else options.anchor
    if anchor not in ANCHORS:
        raise InputError(f"--anchor {anchor}", "no such point of a box", f"choose one of: {', '.join(ANCHORS)}")
    return Plan(
        [*given.roi, *(parse_polygon("--roi", text) for text in _listed(options.roi))],
        [*given.mask, *(parse_polygon("--mask", text) for text in _listed(options.mask))],
        _named_shapes("--line", options.line, check_line, given.lines),
        _named_shapes("--zone", options.zone, check_polygon, given.zones),
        anchor,
        size,
    )


def parse_polygon(option: str, text: str) -> Floats:
    """A polygon from ``x1,y1,x2,y2,...``."""
    what = f"{option} {text}"
    return check_polygon(what, _points(what, text, HOW_POLYGON))


def _named_shapes(
    option: str, texts: str | Sequence[str], check: Callable[[str, Floats], Floats], known: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Lines or zones by name, after those that are known, from texts ``name:x1,y1,...``."""
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


def _listed(texts: str | Sequence[str]) -> Sequence[str]:
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


def check_line(what: str, points: Floats) -> Floats:
    """The two points ``(2, 2)`` of a line, if they make one. Raises InputError about `what` if not."""
    _check_finite(what, points)
    if len(points) != 2:
        raise InputError(what, f"a line has two points, not {len(points)}", HOW_LINE)
    if np.abs(points[1] - points[0]).max() < 1e-3:
        raise InputError(what, "both points are the same", "give a line with a length")
    return points


def check_polygon(what: str, points: Floats) -> Floats:
    """The corners ``(P, 2)`` of a polygon, each once, if they make one. Raises InputError about `what` if not."""
    _check_finite(what, points)
    if len(points) < 3:
        raise InputError(what, f"has {len(points)} points, and a polygon has three or more", HOW_POLYGON)
    if len(points) > MOST_POINTS:
        raise InputError(what, f"has {len(points)} points", f"give at most {MOST_POINTS}")
    polygon: Floats = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    if len(polygon) > 2 and crosses_itself(polygon):
        raise InputError(what, "crosses itself", "give its corners in order, all the way round")
    if len(polygon) < 3 or area(polygon) < LEAST_AREA:
        raise InputError(what, "encloses nothing: its points lie on one line", "give three that do not")
    return polygon


def _check_finite(what: str, points: Floats) -> None:
    wrong = points[~(np.abs(points) <= FARTHEST)]
    if wrong.size:
        raise InputError(what, f"{wrong[0]:g} is no place in a picture", "give pixels, from the top-left corner")


def spelled(polygon: Floats) -> str:
    """A polygon as on the command line, cut off where it is long."""
    text = ",".join(f"{number:g}" for number in polygon.flat)
    return text if len(text) <= 60 else f"{text[:57]}..."
