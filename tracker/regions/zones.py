"""Zones: which tracks are inside, and how long they stay (dwell time)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.regions.geometry import contains, depth, distance_to
from tracker.regions.per_track_state import PerTrackState

DEEPEST_MARGIN = 0.5  # share of a zone's depth: with larger margins nothing could be inside a small zone
BORDER = 2.0  # pixels from the picture's border within which an edge lies on it


@dataclass(frozen=True)
class Visit:
    """The beginning or end of a stay in a zone. dwell: seconds that it lasted, None at its beginning."""

    track_id: int
    zone: str
    dwell: float | None = None


@dataclass
class ZoneCount:
    """The counts of one zone: visits so far (entries), those that are over, and how many seconds these lasted."""

    entries: int = 0
    over: int = 0
    total_dwell: float = 0.0
    longest: float = 0.0

    def end(self, dwell: float) -> None:
        """Count a visit that is over."""
        self.over += 1
        self.total_dwell += dwell
        self.longest = max(self.longest, dwell)


class ZoneOccupancy:
    """Follows which tracks enter and leave zones.

    zones: by name, polygons ``(P, 2)`` pixels. size: width and height of the picture, zeros if unknown: an edge on the
    picture's border needs no margin, since no object can step over it.

    A new object is inside or outside at once. From then on it has to pass the edge by a margin to enter or leave, so
    that a box that jitters on the edge changes nothing (hysteresis).
    """

    def __init__(self, zones: Mapping[str, Floats], size: tuple[int, int] = (0, 0)) -> None:
        self.names = list(zones)
        self.counts = {name: ZoneCount() for name in zones}
        self._polygons = list(zones.values())
        self._edges = [_inner_edges(polygon, size) for polygon in self._polygons]
        self._widest = np.array(
            [
                DEEPEST_MARGIN * depth(polygon, *edges)
                for polygon, edges in zip(self._polygons, self._edges, strict=True)
            ]
        )
        self._state = PerTrackState({"since": np.full(len(zones), np.nan), "known": np.array(False)})

    def update(self, ids: Ints, points: Floats, margin: Floats, now: float) -> list[Visit]:
        """Take in the places of the ``(N,)`` tracks of a frame; returns the visits that begin or end.

        points: ``(N, 2)``. margin: ``(N,)`` pixels. now: seconds.
        """
        state = self._state
        rows = state.rows(ids, now)
        since = state["since"][rows]  # (N, Z)
        before = ~np.isnan(since)
        within = self._within(points, margin, before, state["known"][rows])
        begins, ends = within & ~before, before & ~within
        state["known"][rows] = True
        state["since"][rows] = np.where(begins, now, np.where(ends, np.nan, since))
        found = [
            self._end(int(ids[row]), self.names[zone], float(now - since[row, zone])) for row, zone in np.argwhere(ends)
        ]
        for row, zone in np.argwhere(begins):
            self.counts[self.names[zone]].entries += 1
            found.append(Visit(int(ids[row]), self.names[zone]))
        return found

    def end_visits(self, track_id: int, seen: float) -> list[Visit]:
        """End the visits of a track that has left, at the time (seconds) it was last seen; returns them."""
        found = [self._end(track_id, zone, seen - since) for zone, since in self._visits(track_id)]
        rows = self._state.ids == track_id
        self._state["since"][rows], self._state["known"][rows] = np.nan, False
        return found

    def dwells(self, track_id: int, now: float) -> dict[str, float]:
        """Zone -> seconds so far, for the zones that a track is in."""
        return {zone: now - since for zone, since in self._visits(track_id)}

    def since(self, zone: str) -> list[float]:
        """When each track that is in a zone entered it, in seconds."""
        times = self._state["since"][:, self.names.index(zone)]
        return [float(time) for time in times[~np.isnan(times)]]

    def inside(self, zone: str, ids: Ints) -> int:
        """How many of the tracks ``(N,)`` are in a zone."""
        there = ~np.isnan(self._state["since"][:, self.names.index(zone)])
        return int(np.isin(self._state.ids[there], ids).sum())

    def _end(self, track_id: int, zone: str, dwell: float) -> Visit:
        self.counts[zone].end(dwell)
        return Visit(track_id, zone, dwell)

    def _visits(self, track_id: int) -> list[tuple[str, float]]:
        row = np.flatnonzero(self._state.ids == track_id)
        since = self._state["since"][row[0]] if row.size else np.empty(0)
        return [(self.names[zone], float(since[zone])) for zone in np.flatnonzero(~np.isnan(since))]

    def _within(self, points: Floats, margin: Floats, before: Bools, known: Bools) -> Bools:
        """Which tracks are in which zones now, ``(N, Z)``: a known track near the edge stays what it was."""
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
