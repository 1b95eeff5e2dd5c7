"""The trajectories of a whole video, and the history that offline tracking works on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Bools, Floats, Ints
from tracker.association.calibration import AppearanceCalibration
from tracker.association.tracks import Tracks

BLOCK = 1000  # frames of which the tracks are sorted at a time

_Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One track from its first frame to its last.

    frames: ``(K,)`` rows of the recording, from 0, ascending. boxes: ``(K, 4)`` xyxy pixels. scores: ``(K,)``. filled:
    ``(K,)``, which boxes no detection supports. carried: ``(K,)``, which of those are from frames that no
    detector ran on. embedding: ``(D,)``, the sum of its unit embeddings, or None.
    """

    track_id: int
    class_id: int
    frames: Ints
    boxes: Floats
    scores: Floats
    filled: Bools
    carried: Bools
    embedding: Floats | None = None

    def __getitem__(self, rows: slice | Bools | Ints) -> Trajectory:
        """The given rows of its path."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns)


COLUMNS = ("frames", "boxes", "scores", "filled", "carried")


@dataclass(frozen=True, eq=False)
class TrackingHistory:
    """All that the first pass over a video has found about its tracks.

    times: ``(T,)`` seconds of its frames. shots: ``(T,)``, the shot that each belongs to, from 0. cameras: of each, the
    affine matrix ``(2, 3)`` from the frame before, None where the camera stood still. trajectories: of the confirmed
    tracks, in the order of their numbers. typical: score of a real object. appearance_calibration: of the
    embedder's similarities.
    """

    times: Floats
    shots: Ints
    cameras: Sequence[Floats | None]
    trajectories: Sequence[Trajectory]
    typical: float
    appearance_calibration: AppearanceCalibration = field(default_factory=AppearanceCalibration)

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
    embeddings = [piece.embedding for piece in pieces if piece.embedding is not None]
    return replace(pieces[0], **columns, embedding=np.sum(embeddings, axis=0) if embeddings else None)


def tracks_by_frame(trajectories: Sequence[Trajectory], times: Floats) -> list[Tracks]:
    """The tracks of each frame, as a tracker returns them, in the order of their numbers."""
    return list(iterate_tracks_by_frame(trajectories, times))


def iterate_tracks_by_frame(trajectories: Sequence[Trajectory], times: Floats) -> Iterator[Tracks]:
    """As `tracks_by_frame`, one frame at a time: the list for a long video would need much memory."""
    waiting = deque(sorted((each for each in trajectories if len(each.frames)), key=lambda each: int(each.frames[0])))
    there: list[_Columns] = []
    for start in range(0, len(times), BLOCK):
        end = min(start + BLOCK, len(times))
        while waiting and waiting[0].frames[0] < end:
            there.append(_columns(waiting.popleft(), times))
        yield from _block(there, start, end)
        there = [columns for columns in there if columns["frames"][-1] >= end]


NOTHING: _Columns = {
    **{name: np.empty(0, dtype=np.int64) for name in ("frames", "track_ids", "class_ids")},
    **{name: np.empty(0) for name in ("scores", "age", "time_since_update")},
    "boxes": np.empty((0, 4)),
    "carried": np.empty(0, dtype=bool),
}


def _columns(track: Trajectory, times: Floats) -> _Columns:
    """Those of `Tracks`, and the frames."""
    count = len(track.frames)
    return {
        "frames": track.frames,
        "track_ids": np.full(count, track.track_id, dtype=np.int64),
        "class_ids": np.full(count, track.class_id, dtype=np.int64),
        "boxes": track.boxes,
        "scores": track.scores,
        "carried": track.carried,
        "age": _age(track, times),
        "time_since_update": _since_update(track, times),
    }


def _block(there: Sequence[_Columns], start: int, end: int) -> Iterator[Tracks]:
    """The tracks of each frame from `start` up to before `end`. there: of all tracks that may be in one."""
    rows = [slice(*np.searchsorted(columns["frames"], [start, end])) for columns in there]
    found = {
        name: np.concatenate([none, *(columns[name][here] for columns, here in zip(there, rows, strict=True))])
        for name, none in NOTHING.items()
    }
    frames = found.pop("frames")
    order = np.lexsort([found["track_ids"], frames])
    bounds = np.searchsorted(frames[order], np.arange(start, end + 1))
    for first, last in pairwise(bounds):
        here = order[first:last]
        yield Tracks(**{name: column[here] for name, column in found.items()})


def _age(track: Trajectory, times: Floats) -> Floats:
    seconds = times[track.frames]
    return np.asarray(seconds - seconds[0])


def _since_update(track: Trajectory, times: Floats) -> Floats:
    """Seconds ``(K,)`` since the last box that a detection supports."""
    seconds = times[track.frames]
    return np.asarray(seconds - np.maximum.accumulate(np.where(track.filled, -np.inf, seconds)))
