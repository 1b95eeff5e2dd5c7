"""The picture of ``--heatmap``: where objects were, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from detectors.base import Image
from tracker.maps.colour_scale import ROUND_SECONDS, ColourScale, duration
from tracker.maps.grouping import Grouping
from tracker.maps.journeys import Journey
from tracker.maps.layers import Grid, Layer, Layers
from tracker.maps.legend import Legend
from tracker.maps.panels import in_panels
from tracker.maps.sheet import Sheet

CELL = 4  # pixels of the sheet
SPREAD = 0.008  # of the sheet's width: the standard deviation by which each place is smeared
FAINTEST, STRONGEST = 0.35, 0.9  # how much of the scene the first and the last shade cover
LEAST = 0.02  # seconds: less than a frame, and nothing


class HeatMap:
    """Seconds that objects spent near each place, as one map or as a panel for each group."""

    def __init__(self, sheet: Sheet, grouping: Grouping, name: str) -> None:
        self._sheet, self._grouping, self._name = sheet, grouping, name
        self._cells = sheet.height // CELL + 1, sheet.width // CELL + 1
        self._layers = Layers(*self._cells)

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
        found = layers.listed() or [Layer("", np.zeros(self._cells, np.float32), None)]
        grids = [self._smeared(layer.grid) for layer in found]
        scale = ColourScale.fit(np.stack(grids), LEAST)
        ground = self._sheet.ground(background)
        legend = Legend(self._sheet.width, self._title(scale), self._note)
        names = [self._words(layer) for layer in found]
        panels = in_panels([self._painted(ground, grid, scale) for grid in grids], names, ground.shape[1], legend.size)
        return np.vstack([panels, legend.with_bar(_bar(), scale.marks(ROUND_SECONDS, duration))])

    def _add_to(self, layers: Layers, journey: Journey) -> None:
        for group, rows in self._grouping.parts(journey, each_zone=True):
            cells = (self._sheet.places(rows[:, 1:3]) // CELL).astype(np.int64)
            grid = layers.grid(group)
            column, row = np.clip(cells, 0, np.array(grid.shape[::-1]) - 1).T
            np.add.at(grid, (row, column), rows[:, 3])
        for group in self._grouping.groups(journey, each_zone=True):
            layers.count(group)

    @property
    def _spread(self) -> float:
        return SPREAD * self._sheet.width / CELL  # cells

    def _smeared(self, grid: Grid) -> Grid:
        """Seconds spent near each place: those farther off count less, as a bell curve has it."""
        weight = 2 * np.pi * self._spread**2
        return np.asarray(weight * cv2.GaussianBlur(grid, (0, 0), self._spread), np.float32)

    def _painted(self, ground: Image, grid: Grid, scale: ColourScale) -> Image:
        size = grid.shape[1] * CELL, grid.shape[0] * CELL
        large = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)[: ground.shape[0], : ground.shape[1]]
        shares = scale.shares(np.asarray(large, np.float32))
        cover = np.where(shares >= 0, FAINTEST + (STRONGEST - FAINTEST) * np.sqrt(np.clip(shares, 0, 1)), 0.0)
        cover *= np.clip(shares / 0.04, 0, 1)  # without an edge
        return np.asarray(ground + cover[..., None] * (shades(shares).astype(np.float64) - ground), np.uint8)

    def _title(self, scale: ColourScale) -> str:
        near = round(np.sqrt(2) * SPREAD * self._sheet.width / self._sheet.scale)
        return f"seconds spent within {near} pixels{', logarithmic' if scale.logarithmic else ''}"

    @property
    def _note(self) -> str:
        return f"{self._name}, {self._grouping.spans.whole}"

    def _words(self, layer: Layer) -> str:
        count = f": {layer.objects}" if layer.objects else ""
        return f"{self._grouping.name(layer.group)}{count}"


def shades(shares: Sequence[float] | np.ndarray) -> Image:
    """Colours ``(..., 3)`` BGR of shares from 0 to 1, from violet over red to pale yellow."""
    levels = np.asarray(40 + 215 * np.clip(shares, 0, 1), np.uint8)  # without black, which the scene has already
    coloured = cv2.applyColorMap(levels.reshape(levels.shape[0], -1), cv2.COLORMAP_INFERNO)
    return np.asarray(coloured.reshape(*levels.shape, 3), np.uint8)


def _bar() -> Image:
    return shades(np.linspace(0, 1, 256)).reshape(1, 256, 3)
