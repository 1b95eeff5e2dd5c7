"""The pictures of ``--trails`` and ``--top-view``: the paths that objects took, in the colours of their groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np

from detectors.base import Floats, Image
from tracker.drawing.labels import Colour
from tracker.maps.colour_scale import ColourScale
from tracker.maps.grouping import TIME, Grouping
from tracker.maps.journeys import Journey
from tracker.maps.layers import Grid, Layer, Layers, sum_of
from tracker.maps.legend import Legend, Swatch

WHITE = 10.0  # paths through a place that are white at least
FAINTEST = 0.8  # how much of the scene a single path covers
WIDTH = 1 / 500  # of the sheet's width
SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9
SHIFT = 4  # bits of a pixel's fraction in OpenCV's line coordinates
COLOURS: tuple[Colour, ...] = (
    *((255, 170, 60), (60, 160, 255), (120, 220, 90), (200, 120, 250), (80, 225, 245), (235, 215, 90)),
    *((110, 110, 245), (180, 235, 190), (160, 140, 110), (235, 160, 200), (90, 190, 150), (190, 190, 190)),
)


class Paper(Protocol):
    """What paths are drawn on. width, height: pixels. title: for the legend."""

    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102

    def places(self, points: Floats) -> Floats:
        """Points ``(N, 2)`` of the picture on the paper; some may be left out."""
        ...

    def ground(self, background: Image) -> Image:
        """The scene as it lies below the paths."""
        ...


class TrailMap:
    """How many objects passed through each place, by group."""

    def __init__(self, sheet: Paper, grouping: Grouping, name: str) -> None:
        self._sheet, self._grouping, self._name = sheet, grouping, name
        self._layers = Layers(sheet.height, sheet.width)
        self._width = max(1, round(sheet.width * WIDTH))

    def merge_spans(self) -> None:
        """The spans of time have become longer."""
        self._layers.merge(self._grouping.spans.start_of)

    def add(self, journey: Journey) -> None:
        """Take in a path that is over."""
        self._add_to(self._layers, journey)

    def draw(self, background: Image, going: Iterable[Journey]) -> Image:
        """The map so far. background: the scene. going: paths that are not over."""
        layers = self._layers.copy()
        for journey in going:
            self._add_to(layers, journey)
        found = layers.listed()
        note = f"{self._name}, {self._grouping.spans.whole}"
        ground = self._sheet.ground(background)
        if not found:
            return np.vstack([ground, Legend(self._sheet.width, f"{self._sheet.title}: none", note).with_swatches([])])
        colours = [self._colour(place, len(found)) for place in range(len(found))]
        most = max(1, round(float(sum_of(found).max())))
        title = self._sheet.title + (f", brighter where more pass: up to {most}" if most > 1 else "")
        swatches = [Swatch(colour, self._words(layer)) for colour, layer in zip(colours, found, strict=True)]
        picture = self._painted(ground, found, colours)
        return np.vstack([picture, Legend(self._sheet.width, title, note).with_swatches(swatches)])

    def _add_to(self, layers: Layers, journey: Journey) -> None:
        for group, rows in self._grouping.parts(journey, each_zone=False):
            add_path(layers.grid(group), self._sheet.places(smooth(rows[:, 1:3])), self._width)
        for group in self._grouping.groups(journey, each_zone=False):
            layers.count(group)

    def _painted(self, ground: Image, found: list[Layer], colours: list[Colour]) -> Image:
        total = sum_of(found)
        mixed = np.zeros(ground.shape, np.float32)
        for layer, colour in zip(found, colours, strict=True):
            mixed += (layer.grid / np.maximum(total, 1e-6))[..., None] * np.array(colour, np.float32)
        scale = ColourScale(1.0, max(WHITE, float(total.max())), True)
        strength = np.clip(scale.shares(total), 0, 1)
        cover = np.minimum(total, 1.0) * (FAINTEST + (1 - FAINTEST) * strength)
        mixed += 0.6 * (strength**2)[..., None] * (255 - mixed)  # towards white where most pass
        return np.asarray(ground + cover[..., None] * (mixed - ground), np.uint8)

    def _colour(self, place: int, count: int) -> Colour:
        if self._grouping.by != TIME:
            return COLOURS[place % len(COLOURS)]
        level = np.array([[80 + round(175 * place / max(1, count - 1))]], np.uint8)
        b, g, r = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)[0, 0].tolist()
        return int(b), int(g), int(r)

    def _words(self, layer: Layer) -> str:
        count = f": {layer.objects}" if layer.objects else ""
        return f"{self._grouping.name(layer.group)}{count}"


def smooth(points: Floats) -> Floats:
    """Points ``(P, 2)`` of a path without the boxes' trembling; its ends stay where they are."""
    if len(points) < 5:
        return points
    padded = np.pad(points, ((2, 2), (0, 0)), mode="edge")
    found = np.column_stack([np.convolve(column, SMOOTHING, "valid") for column in padded.T])
    found[0], found[-1] = points[0], points[-1]
    return found


def add_path(grid: Grid, points: Floats, width: int) -> None:
    """Add 1 to a grid wherever a path ``(P, 2)`` leads, however often it leads there."""
    height, wide = grid.shape
    if not len(points):
        return
    points = np.clip(points, -wide, 2 * wide)
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - width - 2, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + width + 3, (wide, height))
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    fixed = np.rint((points - low) * (1 << SHIFT)).astype(np.int32)
    if len(points) > 1:
        cv2.polylines(mask, [fixed], False, 255, width, cv2.LINE_AA, SHIFT)
    else:
        cv2.circle(mask, fixed[0].tolist(), width << SHIFT, 255, cv2.FILLED, cv2.LINE_AA, SHIFT)
    grid[low[1] : high[1], low[0] : high[0]] += mask.astype(np.float32) / 255
