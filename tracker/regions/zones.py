"""Who is in which zone, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.regions.geometry import contains, depth, distance_to
from tracker.regions.memory import Memory

SHALLOW = 0.5  # share of a zone's depth that the margin at its edge is at most: else nobody could be in a small one
BORDER = 2.0  # pixels from the picture's border within which an edge lies on it


@dataclass(frozen=True)
class Visit:
    """A stay in a zone that begins or is over.

    dwell: seconds it has lasted, None as it begins.
    """

    track_id: int
    zone: str
    dwell: float | None = None


@dataclass
class ZoneCount:
    """Of one zone: visits so far, and how long those that are over were, in seconds."""

    entries: int = 0
    over: int = 0
    total_dwell: float = 0.0
    longest: float = 0.0

    def end(self, dwell: float) -> None:
        """A visit is over."""
        self.over += 1
        self.total_dwell += dwell
        self.longest = max(self.longest, dwell)


class Zones:
    """Follows who enters and leaves zones.

    zones: by name, polygons ``(P, 2)`` pixels. size: width and height of the picture, zeros if unknown: an edge on the
    picture's border is not one that anybody could step over.

    An object that is first seen in a zone enters it then. From there on it has to be beyond the edge by a margin, on
    either side, so that one who trembles on the edge stays what it was.
    """

    def __init__(self, zones: Mapping[str, Floats], size: tuple[int, int] = (0, 0)) -> None:
        self.names = list(zones)
        self.counts = {name: ZoneCount() for name in zones}
        self._polygons = list(zones.values())
        self._edges = [_inner_edges(polygon, size) for polygon in self._polygons]
        self._widest = np.array(
            [SHALLOW * depth(polygon, *edges) for polygon, edges in zip(self._polygons, self._edges, strict=True)]
        )
        self._memory = Memory({"since": np.full(len(zones), np.nan), "known": np.array(False)})

    def see(self, ids: Ints, points: Floats, margin: Floats, now: float) -> list[Visit]:
        """Take in where the tracks ``(N,)`` of a frame are; returns the visits that begin or end.

        points: ``(N, 2)``. margin: ``(N,)`` pixels. now: seconds.
        """
        memory = self._memory
        rows = memory.rows(ids, now)
        since = memory["since"][rows]  # (N, Z)
        before = ~np.isnan(since)
        within = self._within(points, margin, before, memory["known"][rows])
        begins, ends = within & ~before, before & ~within
        memory["known"][rows] = True
        memory["since"][rows] = np.where(begins, now, np.where(ends, np.nan, since))
        found = [
            self._end(int(ids[row]), self.names[zone], float(now - since[row, zone])) for row, zone in np.argwhere(ends)
        ]
        for row, zone in np.argwhere(begins):
            self.counts[self.names[zone]].entries += 1
            found.append(Visit(int(ids[row]), self.names[zone]))
        return found

    def leave(self, track_id: int, seen: float) -> list[Visit]:
        """End the visits of a track that is gone, at the time (seconds) it was last seen; returns them."""
        found = [self._end(track_id, zone, seen - since) for zone, since in self._visits(track_id)]
        rows = self._memory.ids == track_id
        self._memory["since"][rows], self._memory["known"][rows] = np.nan, False
        return found

    def dwells(self, track_id: int, now: float) -> dict[str, float]:
        """Zone -> seconds so far, of the zones that a track is in."""
        return {zone: now - since for zone, since in self._visits(track_id)}

    def since(self, zone: str) -> list[float]:
        """When each of those who are in a zone has entered it, seconds."""
        times = self._memory["since"][:, self.names.index(zone)]
        return [float(time) for time in times[~np.isnan(times)]]

    def _end(self, track_id: int, zone: str, dwell: float) -> Visit:
        self.counts[zone].end(dwell)
        return Visit(track_id, zone, dwell)

    def _visits(self, track_id: int) -> list[tuple[str, float]]:
        row = np.flatnonzero(self._memory.ids == track_id)
        since = self._memory["since"][row[0]] if row.size else np.empty(0)
        return [(self.names[zone], float(since[zone])) for zone in np.flatnonzero(~np.isnan(since))]

    def _within(self, points: Floats, margin: Floats, before: Bools, known: Bools) -> Bools:
        """Who ``(N, Z)`` is in which zone now: who is near its edge, and not new, stays what it was."""
        within = np.empty_like(before)
        for zone, (polygon, edges) in enumerate(zip(self._polygons, self._edges, strict=True)):
            within[:, zone] = contains(polygon, points)
            near = known & (distance_to(*edges, points) <= np.minimum(margin, self._widest[zone]))
            within[near, zone] = before[near, zone]
        return within


def _inner_edges(polygon: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Starts and ends ``(E, 2)`` of a polygon's edges without those on, or beyond, the picture's border."""
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    outside = np.zeros(len(starts), dtype=bool)
    for axis, length in enumerate(size):
        if length:
            for corner, other in ((starts, ends), (length - starts, length - ends)):
                outside |= (corner[:, axis] <= BORDER) & (other[:, axis] <= BORDER)
    return starts[~outside], ends[~outside]
