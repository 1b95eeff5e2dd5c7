"""Who is covered where the whole video is known: also before somebody was first seen, and while nobody saw them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.boxes import iou_matrix
from detectors.columns import MASKS
from tracker.offline.trajectory import TrackingHistory, Trajectory
from tracker.privacy.cover import Cover, cover_of
from tracker.privacy.policy import Manner, Policy

AROUND = 1.0  # seconds before the first and after the last box of a stretch that an object is covered
BRIDGED = 3.0  # seconds of a gap between two boxes over which an object is covered from one to the other
BASE = 0.3  # seconds over which the speed at an end is measured
SAME = 0.5  # IoU from which a box that hindsight left out shows an object that is spared


class Places(NamedTuple):
    """Where an object is covered. frames: ``(K,)`` rows of the history. boxes: ``(K, 4)`` xyxy pixels. unseen: ``(K,)``
    seconds to the nearest of its boxes. rows: ``(K,)`` of its trajectory, -1 where that has no box."""

    frames: Ints
    boxes: Floats
    unseen: Floats
    rows: Ints


class HindsightCovers:
    """What is covered in each frame of a history.

    policy: who is hidden. tracks: in hindsight, with the numbers that the policy means. Also covered is what the first
    pass has seen and hindsight has left out as doubtful, unless it is where somebody is who is spared.
    """

    def __init__(self, policy: Policy, history: TrackingHistory, tracks: Sequence[Trajectory]) -> None:
        found: list[tuple[Manner, Trajectory, Places]] = []
        for track in tracks:
            manner = policy.manner(track.track_id, track.class_id)
            if manner is not None:
                found += [(manner, track, places) for places in places_of(history, track)]
        spared = _Boxes([track for track in tracks if track.track_id in policy.spared])
        for track in history.trajectories:
            manner = policy.manner(0, track.class_id)  # its number may be another one's by now
            if manner is not None:
                found.append((manner, track, _own(track, ~spared.show(track))))
        self._found = found
        frames = np.concatenate([np.empty(0, np.int64), *(places.frames for _, _, places in found)])
        self._owners = np.repeat(np.arange(len(found)), [len(places.frames) for _, _, places in found])
        self._starts = np.cumsum([0, *(len(places.frames) for _, _, places in found)])
        self._order = np.argsort(frames, kind="stable")
        self._bounds = np.searchsorted(frames[self._order], np.arange(len(history.times) + 1))

    def __call__(self, frame: int) -> Iterator[Cover]:
        """The covers of a frame, by its row in the history."""
        for at in self._order[self._bounds[frame] : self._bounds[frame + 1]].tolist():
            owner = int(self._owners[at])
            manner, track, places = self._found[owner]
            place = at - int(self._starts[owner])
            row, masks = int(places.rows[place]), track.columns.get(MASKS)
            mask = None if masks is None or row < 0 else masks[row]
            yield cover_of(manner, places.boxes[place], mask, float(places.unseen[place]))


def places_of(history: TrackingHistory, track: Trajectory) -> Iterator[Places]:
    """All places of a track: its own boxes, the gaps between them, and what lies before and after each stretch."""
    yield _own(track, np.ones(len(track.frames), dtype=bool))
    for first, last in pairwise([0, *_breaks(history, track), len(track.frames)]):
        stretch = track[first:last]
        yield _between(history, stretch)
        yield _beyond(history, stretch, forward=False)
        yield _beyond(history, stretch, forward=True)


def _own(track: Trajectory, rows: Bools) -> Places:
    kept = np.flatnonzero(rows)
    return Places(track.frames[kept], track.boxes[kept], np.zeros(len(kept)), kept)


def _breaks(history: TrackingHistory, track: Trajectory) -> list[int]:
    """The rows at which a new stretch begins, after a long gap or a cut."""
    long = np.diff(history.times[track.frames]) > BRIDGED
    breaks = np.flatnonzero(long | (np.diff(history.shots[track.frames]) > 0)) + 1
    return [int(row) for row in breaks]


def _between(history: TrackingHistory, stretch: Trajectory) -> Places:
    """The places in its gaps, on the straight way from box to box."""
    frames = np.setdiff1d(np.arange(stretch.frames[0], stretch.frames[-1] + 1), stretch.frames)
    known, seconds = history.times[stretch.frames], history.times[frames]
    boxes = np.stack([np.interp(seconds, known, side) for side in stretch.boxes.T], axis=1)
    following = np.searchsorted(stretch.frames, frames)
    unseen = np.minimum(seconds - known[following - 1], known[np.minimum(following, len(known) - 1)] - seconds)
    return Places(frames, boxes, unseen, np.full(len(frames), -1))


def _beyond(history: TrackingHistory, stretch: Trajectory, forward: bool) -> Places:
    """The places before its first or after its last box, where it would have been at the speed that it had there."""
    times, end = history.times, -1 if forward else 0
    row = int(stretch.frames[end])
    near = np.abs(times - times[row]) <= AROUND
    side = np.arange(len(times)) > row if forward else np.arange(len(times)) < row
    frames = np.flatnonzero(near & side & (history.shots == history.shots[row]))
    seconds = times[frames] - times[row]
    boxes = stretch.boxes[end] + np.tile(_velocity(history, stretch, forward), 2) * seconds[:, None]
    return Places(frames, boxes, np.abs(seconds), np.full(len(frames), -1))


def _velocity(history: TrackingHistory, stretch: Trajectory, forward: bool) -> Floats:
    """Pixels a second ``(2,)`` of its centre at an end, 0 where there is too little of it."""
    seconds = history.times[stretch.frames]
    near = np.flatnonzero(seconds >= seconds[-1] - BASE if forward else seconds <= seconds[0] + BASE)
    first, last = near[0], near[-1]
    if seconds[last] <= seconds[first]:
        return np.zeros(2)
    centres = (stretch.boxes[[first, last], :2] + stretch.boxes[[first, last], 2:]) / 2
    return np.asarray((centres[1] - centres[0]) / (seconds[last] - seconds[first]))


class _Boxes:
    """The boxes of some tracks by frame."""

    def __init__(self, tracks: Sequence[Trajectory]) -> None:
        self._found: dict[int, list[Floats]] = {}
        for track in tracks:
            for frame, box in zip(track.frames.tolist(), track.boxes, strict=True):
                self._found.setdefault(frame, []).append(box)

    def show(self, track: Trajectory) -> Bools:
        """In which frames ``(K,)`` of a track one of these boxes shows the same object."""
        there = [self._found.get(frame, []) for frame in track.frames.tolist()]
        return np.array(
            [
                bool(boxes) and float(iou_matrix(box[None], np.array(boxes)).max()) >= SAME
                for boxes, box in zip(there, track.boxes, strict=True)
            ],
            dtype=bool,
        )
