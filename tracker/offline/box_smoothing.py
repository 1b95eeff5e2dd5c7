"""Boxes without the detector's jitter: Whittaker smoothing of each side of the box, with Student's t noise.

Each of the four sides is smoothed by itself, so that a side at the picture's edge stays there while the object comes
in. How strongly to smooth is estimated from the tracks themselves: see `tracker.offline.noise`. The noise is taken to
follow Student's t, so that an outlier, such as the box of somebody half hidden, has little weight (Lange, Little and
Taylor, "Robust statistical modeling using the t distribution", 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import solveh_banded

from detectors.base import Floats
from tracker.offline.detected_boxes import DetectedBoxes
from tracker.offline.noise import Likelihood, Noise, find_smoothing_parameters
from tracker.offline.second_differences import SecondDifferences
from tracker.offline.trajectory import TrackingHistory, Trajectory

SIDE_GROUPS = ([0, 2], [1], [3])  # sides that share one noise: left and right, top, bottom
SEGMENT = 0.5  # seconds over which an object's motion and size are taken to be constant
DEGREES_OF_FREEDOM = 4  # of Student's t: what its authors advise
ITERATIONS = 6  # of the reweighted least squares
SAMPLE = 100_000  # boxes that the noise is estimated from
BLOCK = 100_000  # boxes at a time, which fit the processor's memory


def smooth_boxes(
    history: TrackingHistory, tracks: Sequence[Trajectory], step: Callable[[], None] = lambda: None
) -> list[Trajectory]:
    """The tracks with smoothed boxes. Boxes that no detection supports move along with those around them.

    step: is called now and then.
    """
    boxes = sum(int((~track.filled).sum()) for track in tracks)
    if not boxes:
        return list(tracks)
    noises = estimate_noises(DetectedBoxes.of_tracks(tracks[:: -(-boxes // SAMPLE)], history.times))
    smoothed = list[Trajectory]()
    for block in _blocks(tracks):
        step()
        detected = DetectedBoxes.of_tracks(block, history.times)
        offsets = np.split(find_offsets(detected, noises), np.cumsum(detected.lengths)[:-1])
        smoothed += [_shifted(track, each) for track, each in zip(block, offsets, strict=True)]
    return smoothed


def estimate_noises(detected: DetectedBoxes) -> list[Noise]:
    """The noise of each of the `SIDE_GROUPS`, which all tracks share."""
    sizes = detected.mean_sizes(SEGMENT)
    differences = SecondDifferences.of_paths(detected.times, detected.owners, sizes)
    found, groups = np.unique(detected.segments(SEGMENT)[differences.rows + 1], return_inverse=True)
    likelihood = Likelihood(differences, detected.boxes / sizes[:, None], groups, max(len(found), 1))
    return [likelihood.fit_noise(sides) for sides in SIDE_GROUPS]


def find_offsets(detected: DetectedBoxes, noises: Sequence[Noise]) -> Floats:
    """How far ``(N, 4)``, in pixels, the smoothed sides lie from the detected ones."""
    sizes, offsets = detected.mean_sizes(SEGMENT), np.zeros_like(detected.boxes)
    differences = SecondDifferences.of_paths(detected.times, detected.owners, sizes)
    values = detected.boxes / sizes[:, None]
    owners = detected.owners[differences.rows + 1]
    known = list(zip(SIDE_GROUPS, noises, strict=True))
    smoothing = find_smoothing_parameters(differences, values, owners, len(detected.lengths), known)
    for (sides, noise), found in zip(known, smoothing, strict=True):
        weighted = differences.scaled(np.sqrt(found[owners]))
        penalty, gradients = weighted.penalty(), weighted.apply_transpose(weighted.apply(values[:, sides]))
        for side, gradient in zip(sides, gradients.T, strict=True):
            offsets[:, side] = reweighted_least_squares(penalty, gradient, noise.variance) * sizes
    return offsets


def reweighted_least_squares(penalty: Floats, gradient: Floats, variance: float) -> Floats:
    """The offsets ``(N,)`` that minimise their own weighted squares plus the squared second differences of the path.

    penalty: upper bands ``(3, N)`` of the quadratic form of those differences. gradient: ``(N,)``, its product with
    the path. The weights are those of Student's t. The unknowns are the offsets rather than the path: where the path
    has no second differences, the offsets are exactly 0.
    """
    weights = np.ones(len(gradient))
    for _ in range(ITERATIONS):
        bands = penalty.copy()
        bands[2] += weights
        offsets = solveh_banded(bands, -gradient, overwrite_ab=True, check_finite=False)
        weights = (DEGREES_OF_FREEDOM + 1) / (DEGREES_OF_FREEDOM + offsets**2 / variance)
    return np.asarray(offsets)


def _blocks(tracks: Sequence[Trajectory]) -> Iterator[list[Trajectory]]:
    """Tracks that have BLOCK boxes together, or one that has more."""
    block, boxes = list[Trajectory](), 0
    for track in tracks:
        if block and boxes + len(track.frames) > BLOCK:
            yield block
            block, boxes = [], 0
        block.append(track)
        boxes += len(track.frames)
    yield block


def _shifted(track: Trajectory, offsets: Floats) -> Trajectory:
    """The track with its detected boxes moved by ``(K, 4)``, and the boxes between them by interpolated offsets.

    No side goes farther than the detections ever did, so not out of the picture.
    """
    seen = ~track.filled
    if not seen.any():
        return track
    frames, known = track.frames, track.boxes[seen]
    boxes = track.boxes + np.stack([np.interp(frames, frames[seen], side) for side in offsets.T], axis=1)
    boxes = np.clip(boxes, known.min(axis=0), known.max(axis=0))
    inside_out = np.tile(boxes[:, :2] > boxes[:, 2:], 2)
    return replace(track, boxes=np.where(inside_out, np.tile((boxes[:, :2] + boxes[:, 2:]) / 2, 2), boxes))
