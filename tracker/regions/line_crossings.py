"""Line crossings: which track crosses which line, and in which direction.

Walking along a line from its first point to its second, "in" is from the left hand to the right, as seen on the
picture. Boxes jitter, so a crossing counts only when the object has been beyond the line by a margin on one side and
then on the other, and if its path led through the line itself, not round its end. Nobody knows which way somebody took
who was away for long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from detectors.base import Floats, Ints
from tracker.regions.per_track_state import PerTrackState

MARGIN = 0.1
"""Share of an object's size (the square root of its box's area) by which it has to be beyond a line or an edge.

Detected boxes jitter by 0.02 to 0.05 of that size (standard deviation, measured on five sequences with ground truth),
so an object that stands on the line hardly ever gets beyond both margins. For a walking person it is a hand's breadth.
"""
ABSENCE = 10.0  # seconds out of sight, longer than the tracker waits behind a pillar, after which a way begins anew
DIRECTIONS = {1: "in", -1: "out"}


def margins(boxes: Floats) -> Floats:
    """The margin ``(N,)`` of each xyxy box ``(N, 4)``, in pixels."""
    return np.asarray(MARGIN * np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)))


class LineCrossings:
    """Counts the crossings of lines.

    lines: by name, ``(2, 2)``, first and second point, pixels. counts: name -> (direction, class id) -> crossings.
    """

    def __init__(self, lines: Mapping[str, Floats]) -> None:
        self.names = list(lines)
        self.counts: dict[str, Counter[tuple[str, int]]] = {name: Counter() for name in lines}
        points = np.array(list(lines.values())).reshape(-1, 2, 2)
        along = points[:, 1] - points[:, 0]
        self._starts, self._lengths = points[:, 0], np.hypot(*along.T)
        self._along = along / self._lengths[:, None]
        self._right = self._along[:, ::-1] * (-1, 1)
        count = len(lines)
        self._state = PerTrackState(
            {
                "side": np.zeros(count, dtype=np.int64),  # on which it was last beyond the margin; 0: not yet
                "through": np.zeros(count, dtype=np.int64),  # net steps through the line itself since then
                "point": np.full((count, 2), np.nan),  # where it was last, off the line
            },
            ABSENCE,
        )

    def begin_anew(self) -> None:
        """No way leads on, as after a cut; what was counted stays."""
        self._state.forget_all()

    def update(
        self, ids: Ints, points: Floats, margin: Floats, class_ids: Ints, now: float
    ) -> list[tuple[int, str, str]]:
        """Take in the places of the ``(N,)`` tracks of a frame; returns (row, line, direction) of each crossing.

        points: ``(N, 2)``. margin: ``(N,)`` pixels. now: seconds.
        """
        state = self._state
        rows = state.rows(ids, now)
        distance = self._distances(points[:, None])  # (N, L)
        state["through"][rows] += self._passages(state["point"][rows], points, distance)
        state["point"][rows] = np.where(distance[..., None] != 0, points[:, None], state["point"][rows])
        side = np.where(np.abs(distance) > margin[:, None], np.sign(distance), 0).astype(np.int64)
        before, through = state["side"][rows], state["through"][rows]
        crossed = (side * before < 0) & (np.sign(through) == side)
        state["side"][rows] = np.where(side != 0, side, before)
        state["through"][rows] = np.where(side != 0, 0, through)
        found = [(int(row), self.names[line], DIRECTIONS[int(side[row, line])]) for row, line in np.argwhere(crossed)]
        for row, line, direction in found:
            self.counts[line][direction, int(class_ids[row])] += 1
        return found

    def total(self, line: str, direction: str) -> int:
        """Crossings of a line in a direction, of all classes."""
        return sum(count for (towards, _), count in self.counts[line].items() if towards == direction)

    def _distances(self, points: Floats) -> Floats:
        """Pixels ``(N, L)`` to the right of each line, negative to the left. points: ``(N, L or 1, 2)``."""
        return np.asarray(((points - self._starts) * self._right).sum(axis=-1))

    def _passages(self, before: Floats, points: Floats, distance: Floats) -> Ints:
        """For each step ``(N, L)`` from `before` ``(N, L, 2)`` to a point: 1 or -1 if it leads through the line."""
        earlier = self._distances(before)
        changed = earlier * distance < 0  # never for a new track, whose last point is nan
        share = np.where(changed, earlier / np.where(changed, earlier - distance, 1.0), 0.0)
        meets = before + share[..., None] * (points[:, None] - before)
        along = ((meets - self._starts) * self._along).sum(axis=-1)
        within = changed & (along >= 0) & (along <= self._lengths)
        return np.where(within, np.sign(distance), 0).astype(np.int64)
