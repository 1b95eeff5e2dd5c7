"""The annotations of one video, whatever file they come from or go to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.columns import Columns, check_columns
from tracker.annotations.label_names import sanitise, sanitise_label


@dataclass(frozen=True, eq=False)
class AnnotatedTrack:
    """One object from its first frame to its last; it may be away in between.

    track_id: from 1. label: name of its class, sanitised by `sanitise_label`. frames: ``(K,)`` numbers of the
    video's frames, from 1, ascending.
    boxes: ``(K, 4)`` xyxy pixels. scores: ``(K,)`` in [0, 1], 1 for what a person has drawn. filled: ``(K,)``, which
    boxes nobody has seen: they lie between others. keyframes: ``(K,)``, which boxes are written where the reader
    interpolates; each box that is none lies on the straight line between the keyframes before and after it. The first
    and the last frame of each stretch without a gap are keyframes. columns: whatever else is known of its boxes, such
    as keypoints; a format that has no place for it leaves it out.

    Columns left out are filled in: scores of 1, nothing filled, each a keyframe. Raises ValueError when columns
    disagree in length, frames do not ascend from 1 on, there is none, or a value is not finite.
    """

    track_id: int
    label: str
    frames: Ints
    boxes: Floats
    scores: Floats = None  # type: ignore[assignment]  # filled in below, so that it is an array for every reader
    filled: Bools = None  # type: ignore[assignment]
    keyframes: Bools = None  # type: ignore[assignment]
    columns: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames = np.asarray(self.frames, dtype=np.int64)
        count = len(frames)
        columns = {
            "frames": frames,
            "boxes": np.asarray(self.boxes, dtype=np.float64).reshape(-1, 4),
            "scores": np.ones(count) if self.scores is None else np.asarray(self.scores, dtype=np.float64),
            "filled": np.zeros(count, dtype=bool) if self.filled is None else np.asarray(self.filled, dtype=bool),
            "keyframes": np.ones(count, dtype=bool)
            if self.keyframes is None
            else np.asarray(self.keyframes, dtype=bool),
        }
        for name, column in columns.items():
            if len(column) != count:
                raise ValueError(f"{name} has {len(column)} rows, frames has {count}")
            object.__setattr__(self, name, column)
        object.__setattr__(self, "label", sanitise_label(self.label))
        object.__setattr__(self, "columns", check_columns(self.columns, count))
        if not count or frames[0] < 1 or (np.diff(frames) < 1).any():
            raise ValueError(f"track {self.track_id}: frames do not ascend from 1 on")
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
            raise ValueError(f"track {self.track_id}: not all values are finite")

    def __len__(self) -> int:
        return len(self.frames)

    def stretches(self) -> Iterator[slice]:
        """The rows of each run of frames that follow one another without a gap."""
        breaks = np.flatnonzero(np.diff(self.frames) > 1) + 1
        for start, end in pairwise([0, *breaks.tolist(), len(self.frames)]):
            yield slice(start, end)


@dataclass(frozen=True, eq=False)
class Annotations:
    """All tracks of one video.

    name: of the video, without a suffix. source: its file's name, "" if unknown. width, height: pixels, 0 if unknown.
    frame_rate: frames a second, on average, 0 if unknown. frame_count: of the whole video. labels: names of all classes
    there are, also of those that no track has; a format that numbers them does so in this order. tracks: in the order
    of their numbers. times: ``(T,)`` seconds of each frame, None where they are those of `frame_rate`.

    Names and labels are sanitised by `sanitise`, so that each format can hold them.
    """

    name: str
    source: str
    width: int
    height: int
    frame_rate: Fraction
    frame_count: int
    labels: Sequence[str]
    tracks: Sequence[AnnotatedTrack]
    times: Floats | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", sanitise(self.name) or "video")
        object.__setattr__(self, "source", sanitise(self.source))
        object.__setattr__(self, "labels", tuple(dict.fromkeys(map(sanitise_label, self.labels))))

    def time_of(self, frames: Ints) -> Floats:
        """Seconds from the start of the video of frames ``(K,)``, numbered from 1; the frame rate must be known."""
        rows = np.asarray(frames, dtype=np.int64) - 1
        return np.asarray(rows / float(self.frame_rate) if self.times is None else self.times[rows])


def by_frame(tracks: Sequence[AnnotatedTrack]) -> Iterator[tuple[int, Ints, Ints]]:
    """Each frame that has a box, ascending: its number, and of each box in it the track ``(N,)`` and its row ``(N,)``.

    The tracks are places in `tracks`, ascending.
    """
    if not tracks:
        return
    frames = np.concatenate([track.frames for track in tracks])
    owners = np.repeat(np.arange(len(tracks)), [len(track) for track in tracks])
    rows = np.concatenate([np.arange(len(track)) for track in tracks])
    order = np.argsort(frames, kind="stable")
    changes = np.flatnonzero(np.diff(frames[order])) + 1
    for start, end in pairwise([0, *changes.tolist(), len(order)]):
        here = order[start:end]
        yield int(frames[here[0]]), owners[here], rows[here]


def labels_of(annotations: Annotations) -> tuple[str, ...]:
    """The video's labels in their order, then those that only its tracks have."""
    return tuple(dict.fromkeys([*annotations.labels, *(track.label for track in annotations.tracks)]))
