"""Tracklet linking: fragments of one object's track are joined where one ends and the other begins.

The earlier fragment is extrapolated forward, the later one backward, each by its own velocity. The two should meet, be
of one height, and have similar embeddings. The likeliest pairs are joined first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.base import Floats, Ints
from tracker.association.calibration import AppearanceCalibration
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import TrackingHistory, Trajectory, concatenate

BLOCK = 10_000  # pairs whose embeddings are compared at a time: all of a long video's would need much memory


@dataclass(frozen=True)
class Joining:
    """When two fragments are joined: the weights of a logistic regression on fragments of known identity.

    chance: log-odds that two fragments a second apart, without any difference, belong together. gap: less for each
    natural logarithm of the seconds between. miss: less for each tolerance by which they miss each other. height: less
    for each natural logarithm between their heights. appearance: more for an appearance similarity of 1. least:
    log-odds from which they are joined; below 0, since a fragment that is left over after the better pairs has fewer
    alternatives. reach, speed: the tolerance, in heights, at once and more for each second. coast: seconds for which a
    velocity is believed. longest: seconds of a gap. window: seconds at an end that velocity and height are taken from.
    """

    chance: float = -2.4
    gap: float = 0.7
    miss: float = 1.1
    height: float = 3.0
    appearance: float = 2.0
    least: float = -3.0
    reach: float = 0.15
    speed: float = 0.5
    coast: float = 0.3
    longest: float = 5.0
    window: float = 0.5


@dataclass(frozen=True, eq=False)
class _Ends:
    """One end of each of N fragments: seconds, feet ``(N, 2)``, velocities ``(N, 2)``, heights ``(N,)``."""

    times: Floats
    feet: Floats
    velocities: Floats
    heights: Floats


def join(history: TrackingHistory, parts: Sequence[Trajectory], joining: Joining | None = None) -> list[Trajectory]:
    """The fragments, joined; each keeps the number of its first one."""
    joining = joining or Joining()
    if len(parts) < 2:
        return list(parts)
    camera = Stabiliser(history.cameras)
    stops, starts = (_ends(parts, history.times, camera, joining, last) for last in (True, False))
    pairs = _candidates(history, parts, stops, starts, joining.longest)
    appearance = _appearance_similarity(parts, pairs, history.appearance_calibration)
    odds = _log_odds(joining, stops, starts, pairs) + joining.appearance * appearance
    return _chain(parts, _best_first(pairs[odds >= joining.least], odds[odds >= joining.least]))


def _ends(parts: Sequence[Trajectory], times: Floats, camera: Stabiliser, joining: Joining, last: bool) -> _Ends:
    rows = []
    for whole in parts:
        part = whole[::-1] if last else whole
        since = times[part.frames] - times[part.frames[0]]
        near = np.abs(since) <= joining.window
        boxes, since = camera.into_first(part.frames[near], part.boxes[near]), since[near]
        feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
        velocity = np.polyfit(since, feet, 1)[0] if len(feet) >= 4 else np.zeros(2)
        height = max(float(np.median(boxes[:, 3] - boxes[:, 1])), 1e-3)
        rows.append((times[part.frames[0]], feet[0], velocity, height))
    return _Ends(*(np.array(column) for column in zip(*rows, strict=True)))


def _candidates(
    history: TrackingHistory, parts: Sequence[Trajectory], stops: _Ends, starts: _Ends, longest: float
) -> Ints:
    """Pairs ``(P, 2)`` of fragments that follow one another soon, in one shot, as one class."""
    order = np.argsort(starts.times, kind="stable")
    sorted_times = starts.times[order]
    classes = np.array([part.class_id for part in parts])
    shot = history.shots[[part.frames[0] for part in parts]]
    low, high = (np.searchsorted(sorted_times, stops.times + more, side="right") for more in (0.0, longest))
    before = np.repeat(np.arange(len(parts)), high - low)
    after = order[np.concatenate([np.empty(0, np.int64), *map(np.arange, low, high)])]
    same = (shot[before] == shot[after]) & (classes[before] == classes[after])
    return np.stack([before[same], after[same]], axis=1)


def _log_odds(joining: Joining, stops: _Ends, starts: _Ends, pairs: Ints) -> Floats:
    """By motion and height, ``(P,)``."""
    before, after = pairs.T
    gap = starts.times[after] - stops.times[before]
    coasted = np.minimum(gap / 2, joining.coast)[:, None]
    led_on = stops.feet[before] + stops.velocities[before] * coasted
    led_back = starts.feet[after] - starts.velocities[after] * coasted
    heights = stops.heights[before], starts.heights[after]
    distance = np.linalg.norm(led_on - led_back, axis=1) / np.sqrt(heights[0] * heights[1])
    misses = distance / (joining.reach + joining.speed * gap)
    change = np.abs(np.log(heights[0] / heights[1]))
    return np.asarray(joining.chance - joining.gap * np.log(gap) - joining.miss * misses - joining.height * change)


def _appearance_similarity(parts: Sequence[Trajectory], pairs: Ints, calibration: AppearanceCalibration) -> Floats:
    """Calibrated similarity ``(P,)`` of the fragments' embeddings, 0 where one is not known."""
    known = [part.embedding for part in parts if part.embedding is not None]
    if not known:
        return np.zeros(len(pairs))
    embeddings = np.stack([np.zeros_like(known[0]) if part.embedding is None else part.embedding for part in parts])
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    embeddings = embeddings / np.maximum(length, 1e-12)
    both = (length[pairs] > 0).all(axis=(1, 2))
    similar = np.empty(len(pairs))
    for start in range(0, len(pairs), BLOCK):
        before, after = pairs[start : start + BLOCK].T
        similar[start : start + BLOCK] = (embeddings[before] * embeddings[after]).sum(axis=1)
    return np.asarray(calibration.calibrate(similar) * both)


def _best_first(pairs: Ints, odds: Floats) -> dict[int, int]:
    """Greedy assignment: fragment -> the one that follows it, from the likeliest of the pairs ``(P, 2)`` on."""
    follower: dict[int, int] = {}
    followed = set[int]()
    for before, after in pairs[np.argsort(-odds, kind="stable")].tolist():
        if before not in follower and after not in followed:
            follower[before] = after
            followed.add(after)
    return follower


def _chain(parts: Sequence[Trajectory], follower: dict[int, int]) -> list[Trajectory]:
    """Each fragment that follows none, with all that follow it one after the other."""
    joined = []
    for at in sorted(set(range(len(parts))) - set(follower.values())):
        links = [at]
        while links[-1] in follower:
            links.append(follower[links[-1]])
        joined.append(concatenate([parts[link] for link in links]))
    return joined
