"""The trajectories of a whole video, and the history that offline tracking works on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.base import Bools, Floats, Ints
from detectors.columns import Columns, concatenate_columns, select_rows
from tracker.association.calibration import AppearanceCalibration
from tracker.association.class_votes import MIN_VOTE
from tracker.association.tracks import Tracks

BLOCK = 1000  # frames of which the tracks are sorted at a time

_Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One track from its first frame to its last.

    frames: ``(K,)`` rows of the recording, from 0, ascending. boxes: ``(K, 4)`` xyxy pixels. scores: ``(K,)``. filled:
    ``(K,)``, which boxes no detection supports. carried: ``(K,)``, which of those are from frames that no
    detector ran on. embedding: ``(D,)``, the sum of its unit embeddings, or None. columns: what its detections carry
    beside their boxes, missing in filled rows (see `rows_or_missing`).
    """

    track_id: int
    class_id: int
    frames: Ints
    boxes: Floats
    scores: Floats
    filled: Bools
    carried: Bools
    embedding: Floats | None = None
    columns: Columns = field(default_factory=dict)

    def __getitem__(self, rows: slice | Bools | Ints) -> Trajectory:
        """The given rows of its path."""
        path: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **path, columns=select_rows(self.columns, rows))


COLUMNS = ("frames", "boxes", "scores", "filled", "carried")


@dataclass(frozen=True, eq=False)
class TrackingHistory:
    """All that the first pass over a video has found about its tracks.

    times: ``(T,)`` seconds of its frames. shots: ``(T,)``, the shot that each belongs to, from 0. cameras: of each, the
    affine matrix ``(2, 3)`` from the frame before, None where the camera stood still. trajectories: of the confirmed
    tracks, in the order of their numbers; a number has one in each shot that it was seen in. typical: score of a real
    object. appearance_calibration: of the embedder's similarities.
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
    path: dict[str, Any] = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in COLUMNS}
    path["columns"] = concatenate_columns([each.columns for each in pieces], [len(each.frames) for each in pieces])
    embeddings = [piece.embedding for piece in pieces if piece.embedding is not None]
    whole = replace(pieces[0], **path, embedding=np.sum(embeddings, axis=0) if embeddings else None)
    return whole[np.argsort(whole.frames, kind="stable")]


def as_one(parts: Sequence[Trajectory]) -> Trajectory:
    """The parts of one object, which follow each other, as one; of the class with the largest sum of scores."""
    if len(parts) == 1:
        return parts[0]
    votes = defaultdict[int, float](float)
    for part in parts:
        votes[part.class_id] += float(np.maximum(part.scores[~part.carried], MIN_VOTE).sum())
    return replace(concatenate(parts), class_id=max(votes, key=lambda one: votes[one]))


def one_a_number(trajectories: Sequence[Trajectory]) -> list[Trajectory]:
    """The trajectories, those of one number as one: of who was recognised in another shot."""
    found = defaultdict[int, list[Trajectory]](list)
    for track in trajectories:
        found[track.track_id].append(track)
    return [as_one(parts) for parts in found.values()]


def tracks_by_frame(trajectories: Sequence[Trajectory], times: Floats) -> list[Tracks]:
    """The tracks of each frame, as a tracker returns them, in the order of their numbers."""
    return list(iterate_tracks_by_frame(trajectories, times))


def iterate_tracks_by_frame(trajectories: Sequence[Trajectory], times: Floats) -> Iterator[Tracks]:
    """As `tracks_by_frame`, one frame at a time: the list for a long video would need much memory."""
    waiting = deque(sorted((each for each in trajectories if len(each.frames)), key=lambda each: int(each.frames[0])))
    there: list[tuple[_Columns, Columns]] = []
    for start in range(0, len(times), BLOCK):
        end = min(start + BLOCK, len(times))
        while waiting and waiting[0].frames[0] < end:
            track = waiting.popleft()
            there.append((_columns(track, times), track.columns))
        yield from _block(there, start, end)
        there = [each for each in there if each[0]["frames"][-1] >= end]


NOTHING: _Columns = {
    **{name: np.empty(0, dtype=np.int64) for name in ("frames", "track_ids", "class_ids")},
    **{name: np.empty(0) for name in ("scores", "age", "time_since_update")},
    "boxes": np.empty((0, 4)),
    "carried": np.empty(0, dtype=bool),
}


def _columns(track: Trajectory, times: Floats) -> _Columns:
    """Those of every `Tracks`, and the frames."""
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


def _block(there: Sequence[tuple[_Columns, Columns]], start: int, end: int) -> Iterator[Tracks]:
    """The tracks of each frame from `start` up to before `end`. there: of all tracks that may be in one."""
    rows = [slice(*np.searchsorted(columns["frames"], [start, end])) for columns, _ in there]
    found = {
        name: np.concatenate([none, *(columns[name][here] for (columns, _), here in zip(there, rows, strict=True))])
        for name, none in NOTHING.items()
    }
    counts = [here.stop - here.start for here in rows]
    further = concatenate_columns(
        [select_rows(each, here) for (_, each), here in zip(there, rows, strict=True)], counts
    )
    frames = found.pop("frames")
    order = np.lexsort([found["track_ids"], frames])
    bounds = np.searchsorted(frames[order], np.arange(start, end + 1))
    for first, last in pairwise(bounds):
        here = order[first:last]
        columns: dict[str, Any] = {name: column[here] for name, column in found.items()}
        yield Tracks(**columns, columns=select_rows(further, here))


def _age(track: Trajectory, times: Floats) -> Floats:
    seconds = times[track.frames]
    return np.asarray(seconds - seconds[0])


def _since_update(track: Trajectory, times: Floats) -> Floats:
    """Seconds ``(K,)`` since the last box that a detection supports."""
    seconds = times[track.frames]
    return np.asarray(seconds - np.maximum.accumulate(np.where(track.filled, -np.inf, seconds)))
