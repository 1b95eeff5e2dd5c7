"""Boxes without a detector's trembling: paths as smooth as the tracks themselves let one believe.

Each of the four sides is smoothed by itself, so that one that lies at the picture's edge, while the object comes in,
stays there. How much of what is seen is noise, the tracks tell: see `tracker.offline.noise`. Noise is held to be of
Student's t, so that a box that is far off, as of somebody half hidden, pulls little (Lange, Little and Taylor, "Robust
statistical modeling using the t distribution", 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import solveh_banded

from detectors.base import Floats
from tracker.offline.noise import Likelihood, Noise, find_stiffness
from tracker.offline.paths import Paths
from tracker.offline.trajectory import Recording, Trajectory
from tracker.offline.velocity_changes import Kinks

ALIKE = ([0, 2], [1], [3])  # sides that have one noise: left and right, top, bottom
BURST = 0.5  # seconds for which an object is held to be of one liveliness and of one size
FREEDOM = 4  # degrees of it, of Student's t: what its authors advise
STEPS = 6  # of weighting anew
ENOUGH = 100_000  # boxes that tell the noise
BLOCK = 100_000  # boxes at a time, which fit the processor's memory


def steady(
    recording: Recording, tracks: Sequence[Trajectory], step: Callable[[], None] = lambda: None
) -> list[Trajectory]:
    """The tracks with smoothed boxes. Boxes that no detection supports move along with those around them.

    step: is called now and then.
    """
    boxes = sum(int((~track.filled).sum()) for track in tracks)
    if not boxes:
        return list(tracks)
    noises = find_noises(Paths.of(tracks[:: -(-boxes // ENOUGH)], recording.times))
    found = list[Trajectory]()
    for some in _blocks(tracks):
        step()
        paths = Paths.of(some, recording.times)
        moves = np.split(find_moves(paths, noises), np.cumsum(paths.lengths)[:-1])
        found += [_moved(track, each) for track, each in zip(some, moves, strict=True)]
    return found


def find_noises(paths: Paths) -> list[Noise]:
    """The noise of each of the sides that are ALIKE, which all tracks share."""
    sizes = paths.sizes(BURST)
    kinks = Kinks.of_paths(paths.times, paths.owners, sizes)
    found, groups = np.unique(paths.parts(BURST)[kinks.rows + 1], return_inverse=True)
    likelihood = Likelihood(kinks, paths.boxes / sizes[:, None], groups, max(len(found), 1))
    return [likelihood.noise(sides) for sides in ALIKE]


def find_moves(paths: Paths, noises: Sequence[Noise]) -> Floats:
    """How far ``(N, 4)``, in pixels, the smoothed sides lie from those that were detected."""
    sizes, moves = paths.sizes(BURST), np.zeros_like(paths.boxes)
    kinks, values = Kinks.of_paths(paths.times, paths.owners, sizes), paths.boxes / sizes[:, None]
    owners = paths.owners[kinks.rows + 1]
    known = list(zip(ALIKE, noises, strict=True))
    stiffness = find_stiffness(kinks, values, owners, len(paths.lengths), known)
    for (sides, noise), found in zip(known, stiffness, strict=True):
        stiff = kinks.times(np.sqrt(found[owners]))
        penalty, pulls = stiff.penalty(), stiff.back(stiff.of(values[:, sides]))
        for side, pull in zip(sides, pulls.T, strict=True):
            moves[:, side] = settle(penalty, pull, noise.variance) * sizes
    return moves


def settle(penalty: Floats, pull: Floats, variance: float) -> Floats:
    """Moves ``(N,)`` with the least sum of their own squares, weighted as Student's t does, and of those of all kinks.

    penalty, pull: the kinks' squares as a quadratic form, and its product with the path. It is the moves, and not the
    path, that is solved for: where it has no kinks, they are exactly none.
    """
    weights = np.ones(len(pull))
    for _ in range(STEPS):
        bands = penalty.copy()
        bands[2] += weights
        moves = solveh_banded(bands, -pull, overwrite_ab=True, check_finite=False)
        weights = (FREEDOM + 1) / (FREEDOM + moves**2 / variance)
    return np.asarray(moves)


def _blocks(tracks: Sequence[Trajectory]) -> Iterator[list[Trajectory]]:
    """Tracks that have BLOCK boxes together, or one that has more."""
    some, boxes = list[Trajectory](), 0
    for track in tracks:
        if some and boxes + len(track.frames) > BLOCK:
            yield some
            some, boxes = [], 0
        some.append(track)
        boxes += len(track.frames)
    yield some


def _moved(track: Trajectory, moves: Floats) -> Trajectory:
    """The track with its detected boxes moved ``(K, 4)``, and the others as much as their neighbours among those.

    No side goes farther than it was ever seen, so not out of the picture.
    """
    seen = ~track.filled
    if not seen.any():
        return track
    frames, known = track.frames, track.boxes[seen]
    boxes = track.boxes + np.stack([np.interp(frames, frames[seen], side) for side in moves.T], axis=1)
    boxes = np.clip(boxes, known.min(axis=0), known.max(axis=0))
    inside_out = np.tile(boxes[:, :2] > boxes[:, 2:], 2)
    return replace(track, boxes=np.where(inside_out, np.tile((boxes[:, :2] + boxes[:, 2:]) / 2, 2), boxes))
