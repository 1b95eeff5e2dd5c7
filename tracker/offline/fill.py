"""Short gaps of a trajectory filled with its smoothed path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from detectors.base import Floats, Ints
from tracker.offline.smooth import smooth
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import Recording, Trajectory, concatenate


@dataclass(frozen=True)
class Filling:
    """Which gaps are filled: those after which the object was about as likely where its path says as anywhere else.

    longest: seconds without a detection. farthest: heights that the feet may have moved meanwhile. around: seconds
    before and after a gap that its path is smoothed from; what is farther off does not bear on it.
    """

    longest: float = 0.8
    farthest: float = 0.5
    around: float = 1.0


def fill(recording: Recording, track: Trajectory, camera: Stabiliser, filling: Filling | None = None) -> Trajectory:
    """The trajectory with the smoothed path in its gaps, and its own boxes where it has them.

    A filled box has the smaller of the scores at both ends of its gap.
    """
    filling = filling or Filling()
    found = [track]
    for gap in _gaps(recording, track, camera, filling):
        frames, boxes = _path(recording, track, gap, camera, filling.around)
        scores = np.full(len(frames), track.scores[gap : gap + 2].min())
        filled = np.ones(len(frames), dtype=bool)
        found.append(replace(track, frames=frames, boxes=boxes, scores=scores, filled=filled, look=None))
    return concatenate(found)


def _gaps(recording: Recording, track: Trajectory, camera: Stabiliser, filling: Filling) -> Iterator[int]:
    """The rows after which there is a gap to be filled."""
    missing = np.diff(recording.times[track.frames]) - recording.interval
    for row in np.flatnonzero((np.diff(track.frames) > 1) & (missing <= filling.longest)):
        boxes = camera.into_first(track.frames[row : row + 2], track.boxes[row : row + 2])
        feet = np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]], axis=1)
        height = np.sqrt(np.prod(np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)))
        if np.linalg.norm(feet[1] - feet[0]) <= filling.farthest * height:
            yield int(row)


def _path(recording: Recording, track: Trajectory, gap: int, camera: Stabiliser, around: float) -> tuple[Ints, Floats]:
    """Frames ``(N,)`` of the gap after the row `gap`, and the smoothed boxes ``(N, 4)`` there."""
    times = recording.times
    seconds, (before, after) = times[track.frames], track.frames[gap : gap + 2]
    known = track.frames[(seconds >= times[before] - around) & (seconds <= times[after] + around)]
    boxes = track.boxes[np.searchsorted(track.frames, known)]
    path = smooth(known, camera.into_first(known, boxes), times)
    frames = np.arange(before + 1, after)
    return frames, camera.out_of_first(frames, path[frames - known[0]])
