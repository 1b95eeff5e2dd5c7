"""Stitching: the first passes over the pieces of a video become one, as if the video had never been split.

Two neighbours have both tracked the frames where they overlap. The seam between them is put where both see the same;
a track that both have keeps one number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from detectors.base import Floats, Ints
from detectors.errors import InputError
from tracker.association.calibration import AppearanceCalibration, ScoreCalibration
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece
from tracker.offline.seam import find_seam
from tracker.offline.trajectory import TrackingHistory, Trajectory, as_one


@dataclass(frozen=True, eq=False)
class _Share:
    """What one piece contributes: its rows from `low` up to before `high`, which begin at row `base` of the whole.

    names: of each of its tracks, a number that the parts of one track share over all pieces.
    """

    part: FirstPass
    low: int
    high: int
    base: int
    names: Sequence[int]

    def own(self, track: Trajectory) -> Trajectory | None:
        """What it contributes to a track, in rows of the whole; None for nothing. Scales the embedding by the share."""
        first, last = np.searchsorted(track.frames, [self.low, self.high])
        if first == last:
            return None
        embedding = None if track.embedding is None else track.embedding * ((last - first) / len(track.frames))
        mine = track[first:last]
        return replace(mine, frames=mine.frames - self.low + self.base, embedding=embedding)


def stitch(parts: Sequence[FirstPass], pieces: Sequence[Piece]) -> FirstPass:
    """The first pass over the whole video. parts: of the `pieces`, in their order; one may have no frames.

    Tracks are numbered in the order in which they appear. A track's class is the one with the largest sum of scores.
    Raises InputError where the parts are not of one video, or not as many as the pieces.
    """
    parts = _renumbered(parts)
    _check(parts, pieces)
    seen = [(part, piece) for part, piece in zip(parts, pieces, strict=True) if len(part.indices)]
    if len(seen) < 2:
        return replace(seen[0][0] if seen else parts[0], warnings=_warnings(parts))
    shares = list(_shares([part for part, _ in seen], [piece.first for _, piece in seen]))
    spans = [slice(share.low, share.high) for share in shares]
    histories = [share.part.history for share in shares]
    shots = _shots(shares)
    history = TrackingHistory(
        times=np.concatenate([one.times[span] for one, span in zip(histories, spans, strict=True)]),
        shots=shots,
        cameras=_cameras(shares),
        trajectories=_trajectories(shares, shots),
        typical=_typical(shares),
        appearance_calibration=_appearance_calibration(histories),
    )
    indices = np.concatenate([share.part.indices[span] for share, span in zip(shares, spans, strict=True)])
    names = {number: name for share in reversed(shares) for number, name in share.part.class_names.items()}
    return replace(shares[0].part, indices=indices, history=history, class_names=names, warnings=_warnings(parts))


def _renumbered(parts: Sequence[FirstPass]) -> list[FirstPass]:
    """The parts with frames numbered as in the whole video, where frames that cannot be decoded do not count.

    The first number of a later piece comes from the file's index, which counts such frames as well. Frames of two
    pieces are the same if they have the same time.
    """
    numbered, last = list[FirstPass](), None
    for part in parts:
        found = part if last is None or not len(part.indices) else replace(part, indices=_as_in(last, part))
        last = found if len(found.indices) else last
        numbered.append(found)
    return numbered


def _as_in(before: FirstPass, part: FirstPass) -> Ints:
    """The numbers of a part's frames, corrected so that common frames have the numbers of the part before."""
    _, mine, others = np.intersect1d(part.history.times, before.history.times, return_indices=True)
    if not len(mine):
        return part.indices
    lost = part.indices[mine] - before.indices[others]
    nearest = np.minimum(np.searchsorted(mine, np.arange(len(part.indices))), len(mine) - 1)
    return np.asarray(part.indices - lost[nearest])


def _check(parts: Sequence[FirstPass], pieces: Sequence[Piece]) -> None:
    if len(parts) != len(pieces) or not parts:
        what = f"{len(parts)} parts of {len(pieces)} pieces"
        raise InputError(what, "are not a video", "give the first pass of each piece, in order")
    for before, after in pairwise([part for part in parts if len(part.indices)]):
        one = np.intersect1d(before.indices, after.indices, return_indices=True)
        same = np.array_equal(before.history.times[one[1]], after.history.times[one[2]])
        ordered = before.indices[0] <= after.indices[0] and before.indices[-1] <= after.indices[-1]
        if not same or not ordered or (before.width, before.height) != (after.width, after.height):
            raise InputError("pieces", "are not of one video, or not in order", "look at the video again")


def _warnings(parts: Sequence[FirstPass]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(warning for part in parts for warning in part.warnings))


def _shares(parts: Sequence[FirstPass], begins: Sequence[float]) -> Iterator[_Share]:
    """What each part contributes. begins: seconds where each part's own share is planned to begin."""
    low, base, count = 0, 0, len(parts[0].history.trajectories)
    names = _named(parts[0].history.trajectories, {}, 0)
    for before, after, begin in zip(parts[:-1], parts[1:], begins[1:], strict=True):
        seam = find_seam(before, after, begin, not_before=int(before.indices[low]))
        high = int(np.searchsorted(before.indices, seam.index))
        yield _Share(before, low, high, base, names)
        names = _named(after.history.trajectories, {row: names[known] for known, row in seam.pairs.tolist()}, count)
        count += len(names)
        base += high - low
        low = int(np.searchsorted(after.indices, seam.index))
    yield _Share(parts[-1], low, len(parts[-1].indices), base, names)


def _named(tracks: Sequence[Trajectory], continued: Mapping[int, int], unused: int) -> list[int]:
    """The name of each track of a part: those of one number, in several shots, have one.

    continued: row -> the name of the track that it continues. unused: the first name that is free.
    """
    names = {tracks[row].track_id: name for row, name in continued.items()}
    found = [names.setdefault(track.track_id, unused + row) for row, track in enumerate(tracks)]
    return [continued.get(row, name) for row, name in enumerate(found)]


def _trajectories(shares: Sequence[_Share], shots: Ints) -> list[Trajectory]:
    """The tracks of the whole, whose frames are of these `shots`; one for each shot that an object was seen in."""
    found = defaultdict[tuple[int, int], list[Trajectory]](list)
    for share in shares:
        for name, track in zip(share.names, share.part.history.trajectories, strict=True):
            own = share.own(track)
            if own is not None:
                found[name, int(shots[own.frames[0]])].append(own)
    whole = sorted(((name, as_one(parts)) for (name, _), parts in found.items()), key=lambda each: _start(each[1]))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for name, _ in whole), start=1)}
    return [replace(track, track_id=numbers[name]) for name, track in whole]


def _start(track: Trajectory) -> int:
    return int(track.frames[0])


def _shots(shares: Sequence[_Share]) -> Ints:
    """The shot of each frame. A shot goes on over a seam: where the pieces overlap, both have seen the same cuts."""
    found = [shares[0].part.history.shots[: shares[0].high]]
    for before, share in pairwise(shares):
        shots = share.part.history.shots
        taken = before.part.indices[before.low : before.high]
        _, one, other = np.intersect1d(taken, share.part.indices, assume_unique=True, return_indices=True)
        gone_on = found[-1][one[-1]] - shots[other[-1]] if len(one) else found[-1][-1] - shots[share.low]
        found.append(shots[share.low : share.high] + gone_on)
    return np.concatenate(found)


def _cameras(shares: Sequence[_Share]) -> list[Floats | None]:
    """The camera's motion in each frame."""
    found = list[Floats | None]()
    for share in shares:
        found.extend(share.part.history.cameras[share.low : share.high])
    return found


def _typical(shares: Sequence[_Share]) -> float:
    """The typical score over all pieces, weighted as `ScoreCalibration` would have: old scores fade."""
    typical, known = shares[0].part.history.typical, _squares(shares[0])
    for share in shares[1:]:
        new = _squares(share)
        known = min(known + new, ScoreCalibration.MEMORY)
        typical += min(new / max(known, 1e-9), 1.0) * (share.part.history.typical - typical)
    return typical


def _squares(share: _Share) -> float:
    own = [share.own(track) for track in share.part.history.trajectories]
    return float(sum((track.scores[~track.carried] ** 2).sum() for track in own if track is not None))


def _appearance_calibration(histories: Sequence[TrackingHistory]) -> AppearanceCalibration:
    """That of the last piece that has any embeddings: it remembers no more than a few seconds."""
    start, calibrations = AppearanceCalibration().state, [one.appearance_calibration for one in histories]
    learned = [one for one in calibrations if not np.array_equal(one.state, start)]
    return learned[-1] if learned else calibrations[-1]
