"""The tracks of a run as the annotations of a video."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from detectors.base import Floats, Ints
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.offline.trajectory import Trajectory
from tracker.review.missed import Coverage
from tracker.run.run import Run

NAMELESS = "object"
REGULAR = 0.1  # of a frame's length: how far times may lie from those that the frame rate gives


def annotations_of(run: Run, name: str) -> Annotations:
    """The annotations of an offline run after its first pass. name: of the video."""
    first = run.first_pass
    assert first is not None
    times = _times(first.indices, first.history.times, float(first.frame_rate))
    names = first.class_names
    labels = list(dict.fromkeys(names[class_id] for class_id in sorted(names)))
    tracks = [_track(track, first.indices, names) for track in sorted(run.trajectories, key=lambda each: each.track_id)]
    labels += [NAMELESS] if any(track.label == NAMELESS for track in tracks) and NAMELESS not in labels else []
    return Annotations(
        name=name,
        source=os.path.basename(str(run.source.path or name)),
        width=first.width,
        height=first.height,
        frame_rate=first.frame_rate,
        frame_count=int(first.indices[-1]) if run.partial else max(run.source.frame_count or 0, int(first.indices[-1])),
        labels=labels or [NAMELESS],
        tracks=tracks,
        times=None if _regular(times, float(first.frame_rate)) else times,
    )


def coverage_of(run: Run) -> Coverage:
    """What of its video an offline run has looked at, after its first pass."""
    first = run.first_pass
    assert first is not None
    rows = [0, *(np.flatnonzero(np.diff(first.history.shots)) + 1).tolist(), len(first.indices)]
    shots = [(int(first.indices[one]), int(first.indices[two - 1])) for one, two in pairwise(rows)]
    return Coverage(shots, run.stages.detection.inside)


def _track(track: Trajectory, indices: Ints, names: Mapping[int, str]) -> AnnotatedTrack:
    return AnnotatedTrack(
        track_id=track.track_id,
        label=names.get(track.class_id, NAMELESS),
        frames=indices[track.frames],
        boxes=track.boxes,
        scores=track.scores,
        filled=track.filled,
        columns=track.columns,
    )


def _times(indices: Ints, times: Floats, rate: float) -> Floats:
    """Seconds ``(T,)`` of all frames up to the last; of frames that were skipped, by the frame rate."""
    whole = times[0] + (np.arange(1, indices[-1] + 1) - indices[0]) / rate
    whole[indices - 1] = times
    return np.asarray(np.maximum(whole, 0.0))


def _regular(times: Floats, rate: float) -> bool:
    return bool((np.abs(times - np.arange(len(times)) / rate) < REGULAR / rate).all())
