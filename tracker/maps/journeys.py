"""The path of each object through the picture, from where it appears to where it is seen last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from detectors.base import Floats, Frame
from tracker.association.tracks import Tracks
from tracker.regions.activity import Activity

STEP = 0.002  # of the picture's longer side: how far apart two points of a path are at least
MOST_POINTS = 1000  # of a path; beyond that, they lie farther apart
SPAN = 1.0  # seconds that a point stands for at most
TIMEOUT = 60.0  # seconds without being seen, after which a path is over, even if the tracker finds somebody later
PAUSE = 1.0  # seconds between two frames that count; beyond that, nobody was watching
GAP = 1.5  # seconds out of sight that part a path


@dataclass
class Journey:
    """The path of one object.

    seen: seconds when it was last seen. zones: seconds that it was in each. points: time, x, y in pixels, and the
    seconds that it was there for.
    """

    class_id: int
    step: float
    seen: float = 0.0
    zones: dict[str, float] = field(default_factory=dict)
    points: list[tuple[float, float, float, float]] = field(default_factory=list)

    def add(self, time: float, x: float, y: float, seconds: float) -> None:
        """The object is at a place. seconds: since the frame before."""
        self.seen = time
        if self.points:
            since, left, top, stay = self.points[-1]
            near = (x - left) ** 2 + (y - top) ** 2 < self.step**2
            if near and time - since < SPAN * (1 + len(self.points) // MOST_POINTS):
                self.points[-1] = since, left, top, stay + seconds
                return
        self.points.append((time, x, y, seconds))
        if len(self.points) > 2 * MOST_POINTS:
            self._thin()

    def _thin(self) -> None:
        """Let points be as far apart as it takes; those of one place become one."""
        self.step *= 1.5
        kept: list[tuple[float, float, float, float]] = []
        for time, x, y, seconds in self.points:
            since, left, top, stay = kept[-1] if kept else (time, np.inf, np.inf, 0.0)
            whole = abs(since + stay - time) < GAP
            if whole and (x - left) ** 2 + (y - top) ** 2 < self.step**2:
                kept[-1] = since, left, top, stay + seconds
            else:
                kept.append((time, x, y, seconds))
        self.points = kept

    def rows(self) -> Floats:
        """The points as an array ``(P, 4)``."""
        return np.array(self.points, dtype=np.float64).reshape(-1, 4)

    def parts(self) -> Iterator[Floats]:
        """The points ``(P, 4)``, parted where the object was out of sight."""
        rows = self.rows()
        before, after = rows[:-1], rows[1:]
        yield from np.split(rows, 1 + np.flatnonzero(after[:, 0] - before[:, 0] - before[:, 3] > GAP))


class Journeys:
    """Follows the paths of all objects. activity: has seen each frame before. interval: seconds between two frames."""

    def __init__(self, activity: Activity, longer_side: float, interval: float) -> None:
        self._activity, self._step, self._interval = activity, STEP * longer_side, interval
        self._going: OrderedDict[int, Journey] = OrderedDict()  # those seen longest ago first
        self._now: float | None = None

    @property
    def going(self) -> Iterable[Journey]:
        """Those that are not over."""
        return self._going.values()

    def update(self, frame: Frame, tracks: Tracks) -> list[Journey]:
        """Take in the tracks of a frame; returns the paths that are over."""
        over = list(self._end(0.0 if frame.cut else frame.time - TIMEOUT, frame.cut))
        seconds = self._interval if self._now is None else min(frame.time - self._now, PAUSE)
        self._now = frame.time
        feet = self._activity.regions.anchors(tracks.boxes).tolist()
        for track_id, class_id, (x, y) in zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), feet, strict=True):
            journey = self._going.setdefault(track_id, Journey(class_id, self._step))
            journey.class_id = class_id
            journey.add(frame.time, x, y, seconds)
            for zone in self._activity.dwells(track_id) if self._activity.regions.zones else ():
                journey.zones[zone] = journey.zones.get(zone, 0.0) + seconds
            self._going.move_to_end(track_id)
        return over

    def _end(self, before: float, all_of_them: bool) -> Iterator[Journey]:
        while self._going and (all_of_them or next(iter(self._going.values())).seen < before):
            yield self._going.popitem(last=False)[1]
