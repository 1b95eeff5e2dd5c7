"""Who is covered where a frame is shown before the next ones are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detectors.base import Floats, Frame
from detectors.columns import masks_in
from tracker.association.tracks import Assignments, Tracks
from tracker.privacy.cover import Cover, cover_of
from tracker.privacy.policy import Manner, Policy

KEPT = 1.5  # seconds that an object that was lost is covered where it is expected
BASE = 0.3  # seconds over which its speed is measured


@dataclass(eq=False)
class _Path:
    """Where an object was last: the start of its speed's measurement, and the last frame. manner: how it is hidden."""

    manner: Manner
    since: float
    first: Floats
    time: float
    box: Floats
    velocity: Floats

    def go_on(self, time: float, box: Floats) -> None:
        """Take in where it is now."""
        self.time, self.box = time, box
        if time - self.since >= BASE:
            self.velocity = (box - self.first) / (time - self.since)
            self.since, self.first = time, box

    def expected(self, time: float) -> Floats:
        """The box ``(4,)`` where it goes on at its speed, as large as it was."""
        centre = (self.velocity[:2] + self.velocity[2:]) / 2
        return self.box + np.tile(centre, 2) * (time - self.time)


class LiveCovers:
    """What is covered in each frame as it comes: all that is or may become a track, and for a while what is lost.

    Call it with each frame. policy: who is hidden.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._paths: dict[int, _Path] = {}

    def __call__(self, frame: Frame, tracks: Tracks, assignments: Assignments) -> list[Cover]:
        """The covers of a frame. assignments: the detections in it that belong to tracks, tentative ones too."""
        if frame.cut:
            self._paths.clear()
        return [*self._seen(frame.time, tracks), *self._tentative(assignments), *self._lost(frame.time, tracks)]

    def _seen(self, time: float, tracks: Tracks) -> Iterator[Cover]:
        rows = zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), tracks.boxes, strict=True)
        for (track_id, class_id, box), mask in zip(rows, masks_in(tracks.columns, len(tracks)), strict=True):
            manner = self._policy.manner(track_id, class_id)
            if manner is None:
                continue
            path = self._paths.get(track_id)
            if path is None:
                self._paths[track_id] = _Path(manner, time, box, time, box, np.zeros(4))
            else:
                path.manner = manner
                path.go_on(time, box)
            yield cover_of(manner, box, mask)

    def _tentative(self, assignments: Assignments) -> Iterator[Cover]:
        """What has no number yet, from its first detection on."""
        rows = zip(assignments.class_ids.tolist(), assignments.boxes, strict=True)
        masks = masks_in(assignments.columns, len(assignments.boxes))
        for (class_id, box), mask, track_id in zip(rows, masks, assignments.track_ids.tolist(), strict=True):
            manner = self._policy.manner(0, class_id)
            if not track_id and manner is not None:
                yield cover_of(manner, box, mask)

    def _lost(self, time: float, tracks: Tracks) -> Iterator[Cover]:
        here = set(tracks.track_ids.tolist())
        for track_id, path in list(self._paths.items()):
            if time - path.time > KEPT:
                del self._paths[track_id]
            elif track_id not in here:
                yield cover_of(path.manner, path.expected(time), unseen=time - path.time)
