"""The regions of a run: parts of the picture to look at or to ignore, lines and zones in which objects are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from detectors.base import Bools, Floats
from tracker.regions.geometry import contains, segments_cross

ANCHORS = ("foot", "centre")
Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Regions:
    """Where in the picture objects are tracked, ignored or counted.

    roi, mask: polygons ``(P, 2)``, regions of interest and masks; an object outside all of `roi` (if there are any) or
    inside any of `mask` is ignored. lines: by name, ``(2, 2)``, first and second point. zones: polygons by name.
    anchor: the point of a box that tells where its object is: "foot", the middle of its lower edge, or "centre", for a
    camera that looks straight down. size: width and height of the picture, zeros if unknown.
    """

    roi: Sequence[Floats] = ()
    mask: Sequence[Floats] = ()
    lines: Mapping[str, Floats] = field(default_factory=dict)
    zones: Mapping[str, Floats] = field(default_factory=dict)
    anchor: str = ANCHORS[0]
    size: Size = (0, 0)

    def __len__(self) -> int:
        """How many there are."""
        return sum(map(len, (self.roi, self.mask, self.lines, self.zones)))

    def __bool__(self) -> bool:
        return len(self) > 0

    def anchors(self, boxes: Floats) -> Floats:
        """The anchor points ``(N, 2)`` of boxes ``(N, 4)``.

        They are clipped to the picture, so that a region drawn up to its border also holds boxes that reach over it.
        """
        y = boxes[:, 3] if self.anchor == "foot" else (boxes[:, 1] + boxes[:, 3]) / 2
        points = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, y])
        return np.clip(points, 0, np.array(self.size) - 1.0) if all(self.size) else points

    @property
    def box_filter(self) -> Callable[[Floats], Bools] | None:
        """Tells which ``(N,)`` of the boxes ``(N, 4)`` are not ignored; None if none is."""
        return self._keeps if self.roi or self.mask else None

    def _keeps(self, boxes: Floats) -> Bools:
        points = self.anchors(boxes)
        kept = np.full(len(points), not self.roi)
        for polygon in self.roi:
            kept |= contains(polygon, points)
        for polygon in self.mask:
            kept &= ~contains(polygon, points)
        return kept

    def warnings(self) -> Iterator[str]:
        """A warning for each region that lies outside the picture, if its size is known."""
        if not all(self.size):
            return
        shown = f"the picture ({self.size[0]}x{self.size[1]})"
        for option, points in self._named():
            if not ((points >= 0) & (points <= self.size)).all():
                how = "reaches" if touches_picture(points, self.size) else "lies wholly"
                yield f"{option}: {how} outside {shown}"

    def _named(self) -> Iterator[tuple[str, Floats]]:
        """Each region under the name that messages use."""
        for option, polygons in (("--roi", self.roi), ("--mask", self.mask)):
            for polygon in polygons:
                yield f"{option} {spelled(polygon)}", polygon
        for option, named in (("--line", self.lines), ("--zone", self.zones)):
            yield from ((f"{option} {name}", points) for name, points in named.items())


def touches_picture(points: Floats, size: Size) -> bool:
    """Whether a line or polygon reaches into a picture of that size (width, height)."""
    frame = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float64)
    if ((points >= 0) & (points <= size)).all(axis=1).any():
        return True
    if segments_cross(points, np.roll(points, -1, axis=0), frame, np.roll(frame, -1, axis=0)).any():
        return True
    return len(points) > 2 and bool(contains(points, frame).any())


def spelled(polygon: Floats) -> str:
    """A polygon as written on the command line, shortened if it is long."""
    text = ",".join(f"{number:g}" for number in polygon.flat)
    return text if len(text) <= 60 else f"{text[:57]}..."
