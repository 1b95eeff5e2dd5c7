"""Signs that objects were missed: tracks that begin or end where nothing can come or go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detectors.base import Bools, Floats
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame

LEAST = 0.5  # seconds: an object may be in view so long before it is found, or after it was found last
SPEED_OVER = 0.5  # seconds over which a track's speed is measured
MARGIN = 0.02  # of the picture's sides: a box so near to the border is at it
AFAR = 0.04  # of the picture's longer side: a smaller object may well come from too far away to be seen
ENDS = ("appears", "before"), ("vanishes", "after")
HIDING = 0.25  # of a box's sides: another track's box so near to it may hide the object


class Missed(NamedTuple):
    """Seconds for which a track's object has been in view before its first box, and after its last; 0 for none.

    They are the most that there can be: since the shot began, until it ends.
    """

    before: float = 0.0
    after: float = 0.0

    @property
    def sign(self) -> str:
        """What speaks for it, in words; "" where nothing does."""
        ends = [words for words, seconds in zip(ENDS, self, strict=True) if seconds]
        verbs, whens = zip(*ends, strict=True) if ends else ((), ())
        return f"{' and '.join(verbs)} inside the picture: missed {' and '.join(whens)}?" if ends else ""


@dataclass(frozen=True, eq=False)
class Coverage:
    """What of a video was looked at. shots: first and last frame of each shot, from 1, ascending. kept: tells which
    ``(N,)`` boxes ``(N, 4)`` are in the part of the picture where objects are tracked, None for the whole.
    """

    shots: Sequence[tuple[int, int]]
    kept: Callable[[Floats], Bools] | None = None

    def shot_of(self, frame: int) -> tuple[int, int]:
        """The first and the last frame that was looked at in the shot of a frame."""
        return next(((first, last) for first, last in self.shots if first <= frame <= last), (frame, frame))


def whole(annotations: Annotations) -> Coverage:
    """All of a video, as one shot."""
    return Coverage([(1, annotations.frame_count)])


def find_missed(annotations: Annotations, coverage: Coverage) -> list[Missed]:
    """Of each track how long its object may have been in view without a box; nothing where the size is not known.

    A track may begin at the border of the picture, or of the part that was looked at, if at its speed it was there a
    moment ago; at the beginning of a shot; beside another one, which may have hidden its object; and where its object
    is small. The same holds for its end.
    """
    if not (annotations.width and annotations.height and annotations.frame_rate > 0):
        return [Missed()] * len(annotations.tracks)
    hidden = _may_be_hidden(annotations.tracks)
    found = []
    for track, (first_hidden, last_hidden) in zip(annotations.tracks, hidden, strict=True):
        first, last = coverage.shot_of(int(track.frames[0]))[0], coverage.shot_of(int(track.frames[-1]))[1]
        start, begin, end, stop = annotations.time_of(np.array([first, track.frames[0], track.frames[-1], last]))
        times = annotations.time_of(track.frames)
        before = 0.0 if first_hidden or _comes_in(track.boxes, times, annotations, coverage) else begin - start
        gone = last_hidden or _comes_in(track.boxes[::-1], -times[::-1], annotations, coverage)
        found.append(Missed(*(float(each) if each >= LEAST else 0.0 for each in (before, 0.0 if gone else stop - end))))
    return found


def _comes_in(boxes: Floats, times: Floats, video: Annotations, coverage: Coverage) -> bool:
    """Whether an object whose boxes ``(K, 4)`` these are has come into view at the first, or from afar.

    times: seconds ``(K,)``, ascending; for the end of a track, both are given backwards.
    """
    if (boxes[0, 2:] - boxes[0, :2]).max() < AFAR * max(video.width, video.height):
        return True
    margin = MARGIN * np.array([video.width, video.height])
    before = boxes[0] - LEAST * _speed(boxes, times)
    near_low = np.minimum(boxes[0], before)[:2] <= margin
    near_high = np.maximum(boxes[0], before)[2:] >= [video.width, video.height] - margin
    deeper_low = before[2:] > boxes[0, 2:] + margin  # it was further inside, so that it goes out here
    deeper_high = before[:2] < boxes[0, :2] - margin
    if (near_low & ~deeper_low).any() or (near_high & ~deeper_high).any():
        return True
    return coverage.kept is not None and not coverage.kept(_around(before, margin)).all()


def _speed(boxes: Floats, times: Floats) -> Floats:
    """Pixels a second ``(4,)`` of each side of a box over the first moment; zeros where there is only one."""
    later = min(int(np.searchsorted(times, times[0] + SPEED_OVER)), len(times) - 1)
    return np.asarray((boxes[later] - boxes[0]) / (times[later] - times[0])) if later else np.zeros(4)


def _around(box: Floats, margin: Floats) -> Floats:
    """A box ``(4,)`` and the same moved by the margin ``(2,)`` to each side, ``(5, 4)``."""
    steps = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) * margin
    return np.asarray(box + np.tile(steps, 2))


def _may_be_hidden(tracks: Sequence[AnnotatedTrack]) -> list[tuple[bool, bool]]:
    """Of each track whether another stands so near to its first box, and to its last, that it may hide the object."""
    first, last = [False] * len(tracks), [False] * len(tracks)
    ends = {int(track.frames[row]) for track in tracks for row in (0, -1)}
    for frame, owners, rows in by_frame(tracks):
        if frame not in ends:
            continue
        near = _near_others(np.array([tracks[at].boxes[row] for at, row in zip(owners, rows, strict=True)]))
        for at, row, is_near in zip(owners.tolist(), rows.tolist(), near.tolist(), strict=True):
            first[at] |= is_near and row == 0
            last[at] |= is_near and row == len(tracks[at]) - 1
    return list(zip(first, last, strict=True))


def _near_others(boxes: Floats) -> Bools:
    """Which ``(N,)`` of the boxes ``(N, 4)`` overlap another one once they are larger by `HIDING`."""
    larger = boxes + HIDING * np.tile(boxes[:, 2:] - boxes[:, :2], 2) * [-1, -1, 1, 1]
    apart = (larger[:, None, :2] >= boxes[None, :, 2:]) | (larger[:, None, 2:] <= boxes[None, :, :2])
    meet: Bools = ~np.any(apart, axis=2)
    np.fill_diagonal(meet, False)
    return np.asarray(np.any(meet, axis=1))
