"""What is known of a run once it is over: the path of each track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from detectors.base import Bools, Floats, Ints
from tracker.calibration import LikenessScale
from tracker.tracks import Tracks


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One track from its first frame to its last.

    frames: ``(K,)`` rows of the recording, from 0, ascending. boxes: ``(K, 4)`` xyxy pixels. scores: ``(K,)``. filled:
    ``(K,)``, which boxes no detection supports. carried: ``(K,)``, which of those are from frames without a look for
    any. look: ``(D,)`` sum of the unit vectors of its appearance, or None.
    """

    track_id: int
    class_id: int
    frames: Ints
    boxes: Floats
    scores: Floats
    filled: Bools
    carried: Bools
    look: Floats | None = None

    def __getitem__(self, rows: slice | Bools | Ints) -> Trajectory:
        """The given rows of its path."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns)


COLUMNS = ("frames", "boxes", "scores", "filled", "carried")


@dataclass(frozen=True, eq=False)
class Recording:
    """All that the first pass over a video has found.

    times: ``(T,)`` seconds of its frames. shots: ``(T,)``, the shot that each belongs to, from 0. cameras: of each, the
    affine matrix ``(2, 3)`` from the frame before, None where the camera stood still. trajectories: of the confirmed
    tracks, in the order of their numbers. typical: score of a real object. likeness: scale of the embedder.
    """

    times: Floats
    shots: Ints
    cameras: Sequence[Floats | None]
    trajectories: Sequence[Trajectory]
    typical: float
    likeness: LikenessScale = field(default_factory=LikenessScale)

    @cached_property
    def interval(self) -> float:
        """Seconds from one frame to the next: the median, which a few lost frames do not change."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 1.0


def concatenate(pieces: Sequence[Trajectory]) -> Trajectory:
    """One trajectory of all pieces, sorted by frame, with the number and the class of the first."""
    order = np.argsort(np.concatenate([piece.frames for piece in pieces]), kind="stable")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(piece, name) for piece in pieces])[order] for name in COLUMNS
    }
    looks = [piece.look for piece in pieces if piece.look is not None]
    return replace(pieces[0], **columns, look=np.sum(looks, axis=0) if looks else None)


def tracks_by_frame(trajectories: Sequence[Trajectory], times: Floats) -> list[Tracks]:
    """The tracks of each frame, as a tracker returns them, in the order of their numbers."""
    counts = [len(each.frames) for each in trajectories]
    columns = {
        "track_ids": np.repeat([each.track_id for each in trajectories], counts).astype(np.int64),
        "class_ids": np.repeat([each.class_id for each in trajectories], counts).astype(np.int64),
        "boxes": np.concatenate([np.empty((0, 4)), *(each.boxes for each in trajectories)]),
        "scores": np.concatenate([np.empty(0), *(each.scores for each in trajectories)]),
        "carried": np.concatenate([np.empty(0, dtype=bool), *(each.carried for each in trajectories)]),
        "age": np.concatenate([np.empty(0), *(_age(each, times) for each in trajectories)]),
        "time_since_update": np.concatenate([np.empty(0), *(_since_update(each, times) for each in trajectories)]),
    }
    frames = np.concatenate([np.empty(0, dtype=np.int64), *(each.frames for each in trajectories)])
    order = np.lexsort([columns["track_ids"], frames])
    bounds = np.searchsorted(frames[order], np.arange(len(times) + 1))
    rows = (order[start:end] for start, end in pairwise(bounds))
    return [Tracks(**{name: column[here] for name, column in columns.items()}) for here in rows]


def _age(track: Trajectory, times: Floats) -> Floats:
    seconds = times[track.frames]
    return np.asarray(seconds - seconds[0])


def _since_update(track: Trajectory, times: Floats) -> Floats:
    """Seconds ``(K,)`` since the last box that a detection supports."""
    seconds = times[track.frames]
    return np.asarray(seconds - np.maximum.accumulate(np.where(track.filled, -np.inf, seconds)))
