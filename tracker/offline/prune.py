"""Removal of doubtful tracks and of loose ends, which show as such only once the whole track is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Floats, Ints
from tracker.offline.trajectory import TrackingHistory, Trajectory

PAUSE = 0.1  # seconds without a detection that divide a track into runs
WORTH = 1.0  # seconds that a run at the end must show for each second that separates it from the others
ENOUGH = 1.0  # seconds that are enough for any run
LEAST = 0.5  # seconds that a track must show, or half of its shot where that is less


def trim(history: TrackingHistory, track: Trajectory) -> Trajectory:
    """The track without loose ends: a few detections, separated by a pause from the others, are clutter."""
    while True:
        starts, ends, pauses = _runs(history, track)
        if len(starts) < 2:
            return track
        shown = shown_seconds(history, track)
        if shown[: ends[0]].sum() < min(WORTH * pauses[0], ENOUGH):
            track = track[ends[0] :]
        elif shown[starts[-1] :].sum() < min(WORTH * pauses[-1], ENOUGH):
            track = track[: starts[-1]]
        else:
            return track


def prune(history: TrackingHistory, tracks: Sequence[Trajectory]) -> list[Trajectory]:
    """The tracks without those that were detected too briefly or too weakly."""
    frames = np.bincount(history.shots, minlength=1)
    least = np.minimum(LEAST, history.interval * frames / 2)
    return [track for track in tracks if shown_seconds(history, track).sum() >= least[history.shots[track.frames[0]]]]


def shown_seconds(history: TrackingHistory, track: Trajectory) -> Floats:
    """Seconds ``(K,)`` that each detection counts for: a frame, or less where the score is not that of an object."""
    return np.asarray(history.interval * np.minimum(track.scores / history.typical, 1.0))


def _runs(history: TrackingHistory, track: Trajectory) -> tuple[Ints, Ints, Floats]:
    """First rows, rows after the last, and the seconds between: of the runs that pauses divide a track into."""
    missing = np.diff(history.times[track.frames]) - history.interval
    breaks = np.flatnonzero(missing > PAUSE)
    return np.concatenate([[0], breaks + 1]), np.concatenate([breaks + 1, [len(track.frames)]]), missing[breaks]
