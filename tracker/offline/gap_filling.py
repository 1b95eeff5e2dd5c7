"""Gap filling: short gaps of a trajectory get boxes from its smoothed path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detectors.base import Floats, Ints
from tracker.offline.rts_smoother import rts_smooth
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import TrackingHistory, Trajectory, concatenate


@dataclass(frozen=True)
class GapFilling:
    """Which gaps are filled: short ones, over which the object has moved on as before and afterwards.

    longest: seconds without a detection. farthest: heights between its feet after the gap and where its mean velocity
    before and afterwards leads. window: seconds that this velocity is taken from. around: seconds before and after a
    gap that its path is smoothed from; what is farther off does not matter.
    """

    longest: float = 1.5
    farthest: float = 0.5
    window: float = 0.5
    around: float = 1.0


def fill_gaps(
    history: TrackingHistory, track: Trajectory, camera: Stabiliser, filling: GapFilling | None = None
) -> Trajectory:
    """The trajectory with the smoothed path in its gaps, and its own boxes where detections support them.

    A filled box has the smaller of the scores at both ends of its gap. A box that was carried is
    replaced by the smoothed path, which knows the next detection as well; after the last detection, it stays.
    """
    filling = filling or GapFilling()
    seen = track[~track.carried]
    found = [seen]
    for gaps in _neighbours(_gaps(history, seen, camera, filling), history.times[seen.frames], filling.around):
        frames = [np.arange(seen.frames[gap] + 1, seen.frames[gap + 1]) for gap in gaps]
        scores = [np.full(len(each), seen.scores[gap : gap + 2].min()) for gap, each in zip(gaps, frames, strict=True)]
        missing = np.concatenate(frames)
        boxes = _path(history, seen, gaps, missing, camera, filling.around)
        filled = np.ones(len(missing), dtype=bool)
        columns: dict[str, Any] = {
            "frames": missing,
            "boxes": boxes,
            "scores": np.concatenate(scores),
            "filled": filled,
            "carried": np.isin(missing, track.frames[track.carried]),
            "columns": {},
        }
        found.append(replace(track, embedding=None, **columns))
    left = ~np.isin(track.frames, np.concatenate([each.frames for each in found]))
    return concatenate([*found, replace(track[left], embedding=None)])


def _neighbours(gaps: Iterable[int], seconds: Floats, around: float) -> list[list[int]]:
    """The gaps in groups whose surroundings overlap, so that no part of a path is smoothed twice."""
    groups: list[list[int]] = []
    for gap in gaps:
        if groups and seconds[gap] - seconds[groups[-1][-1] + 1] <= 2 * around:
            groups[-1].append(gap)
        else:
            groups.append([gap])
    return groups


def _gaps(history: TrackingHistory, track: Trajectory, camera: Stabiliser, filling: GapFilling) -> Iterator[int]:
    """The rows after which there is a gap to be filled."""
    seconds = history.times[track.frames]
    missing = np.diff(seconds) - history.interval
    for row in np.flatnonzero((np.diff(track.frames) > 1) & (missing <= filling.longest)):
        first, last = np.searchsorted(seconds, [seconds[row] - filling.window, seconds[row + 1] + filling.window])
        near, end = slice(first, last), int(row - first)
        boxes = camera.into_first(track.frames[near], track.boxes[near])
        if _moves_on(boxes, seconds[near], end, filling.farthest):
            yield int(row)


def _moves_on(boxes: Floats, seconds: Floats, end: int, farthest: float) -> bool:
    """Whether the boxes ``(K, 4)`` after the gap that follows row `end` are where those before lead."""
    feet = np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]], axis=1)
    parts = (slice(None, end + 1), slice(end + 1, None))
    velocity = np.mean([_velocity(seconds[part], feet[part]) for part in parts], axis=0)
    missed = feet[end + 1] - feet[end] - velocity * (seconds[end + 1] - seconds[end])
    height = np.sqrt(np.prod(np.maximum(boxes[end : end + 2, 3] - boxes[end : end + 2, 1], 1e-3)))
    return bool(np.linalg.norm(missed) <= farthest * height)


def _velocity(seconds: Floats, feet: Floats) -> Floats:
    """Of feet ``(K, 2)``, pixels a second; none from two or fewer."""
    return np.asarray(np.polyfit(seconds - seconds[0], feet, 1)[0] if len(feet) >= 3 else np.zeros(2))


def _path(
    history: TrackingHistory, track: Trajectory, gaps: Sequence[int], frames: Ints, camera: Stabiliser, around: float
) -> Floats:
    """Smoothed boxes ``(N, 4)`` in the `frames` ``(N,)`` of neighbouring gaps, from what surrounds them."""
    seconds = history.times[track.frames]
    near = (seconds >= seconds[gaps[0]] - around) & (seconds <= seconds[gaps[-1] + 1] + around)
    known = track.frames[near]
    path = rts_smooth(known, camera.into_first(known, track.boxes[near]), history.times)
    return camera.out_of_first(frames, path[frames - known[0]])
