"""Sums on a grid, one layer for each group of objects: a class, a span of time, or those who were in a zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.float32]
Group = str | float
"""The name of a class or zone, or when a span of time begins."""

ALL, OTHERS = "all", "others"
MOST = 12  # groups that are shown; the rest are the others
MOST_KEPT = 16  # groups that have a grid of their own, of 8 MB


class Layer(NamedTuple):
    """grid: ``(H, W)``. objects: how many different ones; None where that is not known."""

    group: Group
    grid: Grid
    objects: int | None


class Layers:
    """A grid ``(height, width)`` for each group."""

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._grids: dict[Group, Grid] = {}
        self._objects: Counter[Group] = Counter()

    def copy(self) -> Layers:
        """Layers to which more can be added without changing these."""
        other = Layers(*self._shape)
        other._grids = {group: grid.copy() for group, grid in self._grids.items()}
        other._objects = self._objects.copy()
        return other

    def grid(self, group: Group) -> Grid:
        """The grid of a group, to add to."""
        return self._grids.setdefault(self._kept(group), np.zeros(self._shape, np.float32))

    def count(self, group: Group) -> None:
        """Count an object of a group."""
        self._objects[self._kept(group)] += 1

    def _kept(self, group: Group) -> Group:
        full = isinstance(group, str) and len(self._grids) >= MOST_KEPT
        return OTHERS if full and group not in self._grids else group

    def merge(self, start_of: Callable[[float], float]) -> None:
        """The spans of time have become longer: put together what is one span now. start_of: the new span of a time."""
        grids, self._grids = self._grids, {}
        for group, grid in grids.items():
            self.grid(group if isinstance(group, str) else start_of(group))[:] += grid

    def listed(self) -> list[Layer]:
        """Spans of time in their order; others the largest first, and those beyond `MOST` as one."""
        times = [group for group in self._grids if not isinstance(group, str)]
        names = [group for group in self._grids if isinstance(group, str)]
        groups: list[Group] = [
            *sorted(times),
            *sorted(names, key=lambda name: (name == OTHERS, -self._grids[name].sum())),
        ]
        found = [Layer(group, self._grids[group], self._objects.get(group)) for group in groups]
        if len(found) <= MOST:
            return found
        rest = found[MOST - 1 :]
        return [*found[: MOST - 1], Layer(OTHERS, sum_of(rest), sum(layer.objects or 0 for layer in rest))]


def sum_of(layers: list[Layer]) -> Grid:
    """The grids of layers, added up; there must be one at least."""
    return np.asarray(np.sum([layer.grid for layer in layers], axis=0), np.float32)
