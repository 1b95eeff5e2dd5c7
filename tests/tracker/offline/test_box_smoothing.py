"""The smoother against filterpy's and a dense solution, what must hold for any tracks, and scenes seen by eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats, Ints
from tests.tracker.offline.test_second_differences import dense, random_paths
from tracker.annotations.interpolation import paired_iou
from tracker.offline import box_smoothing
from tracker.offline.box_smoothing import DEGREES_OF_FREEDOM, ITERATIONS, reweighted_least_squares, smooth_boxes
from tracker.offline.second_differences import SecondDifferences
from tracker.offline.trajectory import TrackingHistory, Trajectory

RATE = 25
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=15)


def seen(boxes: Floats, number: int = 1, start: int = 0) -> Trajectory:
    """A track with a box ``(N, 4)`` in each frame."""
    none = np.zeros(len(boxes), dtype=bool)
    return Trajectory(number, 0, start + np.arange(len(boxes)), boxes, np.full(len(boxes), 0.8), none, none)


def remember(tracks: Sequence[Trajectory]) -> TrackingHistory:
    count = max((int(track.frames[-1]) for track in tracks), default=0) + 1
    return TrackingHistory(
        np.arange(count) / RATE, np.zeros(count, dtype=np.int64), [None] * count, tracks, typical=0.8
    )


def smoothed(*tracks: Trajectory) -> list[Floats]:
    return [track.boxes for track in smooth_boxes(remember(tracks), tracks)]


def around(centres: Floats, size: tuple[float, float] = (40, 100)) -> Floats:
    """Boxes ``(N, 4)`` of one size around centres ``(N, 2)``."""
    half = np.array(size) / 2
    return np.concatenate([centres - half, centres + half], axis=1)


def trembling(boxes: Floats, noise: float, seed: int = 0) -> Floats:
    return np.asarray(boxes + np.random.default_rng(seed).normal(0, noise, boxes.shape))


def wander(seed: int, frames: int = 60) -> Floats:
    """Somebody who walks about, as boxes that tremble."""
    rng = np.random.default_rng(seed)
    speed = rng.normal(0, 2, 2) + np.cumsum(rng.normal(0, 0.2, (frames, 2)), axis=0)
    return trembling(around(rng.uniform(200, 400, 2) + np.cumsum(speed, axis=0)), 1.0, seed)


@given(seed=seeds)
@few
def test_without_outliers_it_is_the_smoother_of_rauch_tung_and_striebel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.02, 0.2, 20))
    path = rng.normal(0, 1, 20).cumsum()
    variance, walk = rng.uniform(0.01, 1), rng.uniform(0.1, 30)
    filter_ = KalmanFilter(dim_x=2, dim_z=1)
    filter_.H, filter_.R = np.array([[1.0, 0.0]]), np.array([[variance]])
    filter_.x, filter_.P = np.array([path[0], 0.0]), np.diag([1e6, 1e6])
    steps = np.diff(times, prepend=times[0])
    between = (steps + np.append(steps[1:], 0.0)) / 2  # the velocity changes at a box, by the time around it
    transitions = [np.array([[1.0, step], [0.0, 1.0]]) for step in steps]
    noises = [np.diag([0.0, walk * time]) for time in between]
    means, covariances, _, _ = filter_.batch_filter(path, Fs=transitions, Qs=noises)
    expected = filter_.rts_smoother(means, covariances, transitions, noises)[0][:, 0]
    differences = SecondDifferences.of_paths(times, np.zeros(20, dtype=np.int64), np.ones(20)).scaled(
        np.full(18, np.sqrt(variance / walk))
    )
    pull = differences.apply_transpose(differences.apply(path[:, None]))[:, 0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box_smoothing, "DEGREES_OF_FREEDOM", 1e12)  # which makes Student's t a normal distribution
        np.testing.assert_allclose(
            path + reweighted_least_squares(differences.penalty(), pull, variance), expected, atol=1e-3
        )


@given(seed=seeds)
@few
def test_weighted_anew_it_is_the_same_as_in_whole_matrices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times, owners, sizes = random_paths(seed)
    values, variance = rng.standard_t(2, len(times)), 0.2
    matrix = dense(times, owners, sizes)
    weights, path = np.ones(len(times)), values
    for _ in range(ITERATIONS):
        path = np.linalg.solve(np.diag(weights) + 1e-4 * matrix.T @ matrix, weights * values)
        weights = (DEGREES_OF_FREEDOM + 1) / (DEGREES_OF_FREEDOM + (path - values) ** 2 / variance)
    differences = SecondDifferences.of_paths(times, owners, sizes)
    differences = differences.scaled(np.full(len(differences), 1e-2))
    moves = reweighted_least_squares(
        differences.penalty(), differences.apply_transpose(differences.apply(values[:, None]))[:, 0], variance
    )
    assert moves[np.bincount(owners)[owners] < 3] == pytest.approx(0, abs=0)
    np.testing.assert_allclose(values + moves, path, atol=1e-6)


@given(seed=seeds)
@few
def test_steady_motion_stays_as_it_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = np.unique(rng.integers(0, 80, 30))
    boxes = around(rng.uniform(0, 500, (1, 2))) + rng.normal(0, 2, 4) * frames[:, None] * [1, 1, 0, 0]
    boxes[:, 2:] = boxes[:, :2] + rng.uniform(20, 90, 2)
    track = replace(seen(boxes), frames=frames)
    np.testing.assert_allclose(smoothed(track)[0], boxes, atol=1e-7)


@given(seed=seeds)
@few
def test_where_it_is_seen_and_in_what_order_makes_no_difference(seed: int) -> None:
    one, other = wander(seed), wander(seed + 1, 33)
    whole = smoothed(seen(one), seen(other, 2, 5))
    swapped = smoothed(seen(other, 2, 5), seen(one))
    moved = smoothed(seen(one + 70), seen(other + 70, 2, 5))
    larger = smoothed(seen(one * 2), seen(other * 2, 2, 5))
    mirror = smoothed(
        *(
            seen(900 - each[:, [2, 1, 0, 3]] * [1, -1, 1, -1] - [0, 900, 0, 900], n, s)
            for each, n, s in ((one, 1, 0), (other, 2, 5))
        )
    )
    for at in range(2):
        np.testing.assert_allclose(swapped[1 - at], whole[at], atol=1e-5)
        np.testing.assert_allclose(moved[at], whole[at] + 70, atol=1e-5)
        np.testing.assert_allclose(larger[at], whole[at] * 2, atol=1e-5)
        np.testing.assert_allclose(900 - mirror[at][:, [2, 0]], whole[at][:, [0, 2]], atol=1e-5)


@given(seed=seeds)
@few
def test_backward_the_paths_are_the_same(seed: int) -> None:
    times, owners, sizes = random_paths(seed)
    values = np.random.default_rng(seed).normal(size=(len(times), 1))

    def moves(times: Floats, owners: Ints, sizes: Floats, values: Floats) -> Floats:
        differences = SecondDifferences.of_paths(times, owners, sizes)
        return reweighted_least_squares(
            differences.penalty() * 1e-4, 1e-4 * differences.apply_transpose(differences.apply(values))[:, 0], 0.5
        )

    there, back = (
        moves(*columns)
        for columns in ((times, owners, sizes, values), (-times[::-1], 9 - owners[::-1], sizes[::-1], values[::-1]))
    )
    np.testing.assert_allclose(there, back[::-1], atol=1e-8)


def test_many_tracks_are_smoothed_as_if_they_were_few(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = [seen(wander(seed, 20 + seed), seed + 1, seed) for seed in range(12)]
    whole = smoothed(*tracks)
    monkeypatch.setattr(box_smoothing, "BLOCK", 50)
    for mine, before in zip(smoothed(*tracks), whole, strict=True):
        np.testing.assert_allclose(mine, before, atol=1e-6)
    monkeypatch.setattr(box_smoothing, "SAMPLE", 100)  # fewer tell of the noise: about the same, and told of all
    for mine, before in zip(smoothed(*tracks), whole, strict=True):
        assert paired_iou(mine.T, before.T).min() > 0.9


def test_trembling_goes_and_the_way_stays() -> None:
    times = np.arange(300) / RATE
    true = around(np.stack([300 + 200 * np.sin(times / 2), 250 + 30 * times], axis=1))
    found = smoothed(seen(trembling(true, 2.0)))[0]
    assert np.sqrt(np.mean((found - true) ** 2)) < 0.35 * 2.0
    assert paired_iou(found.T, true.T).min() > 0.93


def test_a_box_that_is_far_off_pulls_little() -> None:
    true = around(np.stack([100 + 3.0 * np.arange(80), np.full(80, 200.0)], axis=1))
    boxes = trembling(true, 1.0)
    boxes[40, 3] -= 50  # the legs are hidden
    found = smoothed(seen(boxes))[0]
    assert np.abs(found - true)[30:50].max() < 4


@pytest.mark.parametrize("frames", [1, 25])
def test_a_sudden_turn_is_followed(frames: int) -> None:
    """By somebody who runs to and fro, and, where there is one who stands still, by him alone."""
    way = np.abs(np.arange(400) % 100 - 50) * 6.0
    runs = around(np.stack([300 + way, np.full(400, 200.0)], axis=1))
    stands = around(np.full((400 * frames, 2), 700.0))
    running, standing = smoothed(seen(trembling(runs, 1.0)), seen(trembling(stands, 1.0, 1), 2))
    overlap = paired_iou(running.T, runs.T)
    assert overlap.mean() > paired_iou(trembling(runs, 1.0).T, runs.T).mean()
    assert overlap.min() > 0.75
    assert paired_iou(standing.T, stands.T).min() > 0.98


def test_a_side_that_the_picture_cuts_stays_at_its_edge() -> None:
    inside = np.clip(-30 + 2.0 * np.arange(80), 0, None)  # the picture's left edge is at 0
    right = 10 + 2.0 * np.arange(80)
    boxes = np.stack([inside, np.full(80, 50.0), right, np.full(80, 150.0)], axis=1)
    rng = np.random.default_rng(3)
    boxes += rng.normal(0, 0.8, boxes.shape) * np.stack([inside > 0, *np.ones((3, 80))], axis=1)
    found = smoothed(seen(boxes))[0]
    assert found[:, 0].min() >= 0
    assert found[:12, 0].max() < 0.5
    assert np.abs(found[:, 0] - inside).max() < 4


def test_boxes_that_nothing_supports_move_with_their_neighbours() -> None:
    boxes = trembling(around(np.stack([100 + 2.0 * np.arange(60), np.full(60, 200.0)], axis=1)), 1.5)
    missing = np.isin(np.arange(60), [20, 21, 22, 58, 59])
    track = replace(seen(boxes), filled=missing, carried=missing)
    found = smooth_boxes(remember([track]), [track])[0]
    only = smooth_boxes(remember([track]), [track[~missing]])[0]
    np.testing.assert_array_equal(found.boxes[~missing], only.boxes)
    moves = found.boxes - boxes
    limits = np.sort(np.stack([moves[19], moves[23]]), axis=0)
    inside = (moves[20:23] >= limits[0] - 1e-9) & (moves[20:23] <= limits[1] + 1e-9)
    clipped = np.isin(found.boxes, [boxes[~missing].min(axis=0), boxes[~missing].max(axis=0)])
    assert (inside | clipped[20:23]).all()
    assert np.isclose(moves[58:], moves[57]).any()
    for column in ("frames", "scores", "filled", "carried"):
        np.testing.assert_array_equal(getattr(found, column), getattr(track, column))


def test_nothing_and_next_to_nothing_are_tracks_too() -> None:
    assert smooth_boxes(remember([]), []) == []
    box = np.array([[10.0, 20, 30, 60]])
    flat = np.tile([[5.0, 5, 5, 5]], (9, 1))
    assert smoothed(seen(box))[0].tolist() == box.tolist()
    assert smoothed(seen(box), seen(np.tile(box, (2, 1)), 2))[1].tolist() == np.tile(box, (2, 1)).tolist()
    assert smoothed(seen(flat))[0] == pytest.approx(flat)
    unseen = replace(seen(np.tile(box, (5, 1))), filled=np.ones(5, dtype=bool))
    for found in (smoothed(unseen), smoothed(seen(wander(1)), unseen)):
        assert found[-1].tolist() == unseen.boxes.tolist()
    wild = trembling(np.tile([[5.0, 5, 6, 6]], (40, 1)), 3.0)
    wild = np.concatenate([wild[:, :2], np.maximum(wild[:, 2:], wild[:, :2])], axis=1)
    found = smoothed(seen(wild))
    assert np.isfinite(found[0]).all()
    assert (found[0][:, 2:] >= found[0][:, :2]).all()


@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_whatever_was_tracked_is_smoothed_to_boxes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(1e-3, 1, 50) * 10.0 ** rng.uniform(-6, 2))
    tracks = []
    for number in range(1, 5):
        frames = np.flatnonzero(rng.random(50) < rng.random())
        corner = rng.standard_cauchy((len(frames), 2)) * 10.0 ** rng.uniform(-3, 4)
        size = np.abs(rng.normal(0, 10.0 ** rng.uniform(-6, 3), corner.shape)) * (rng.random((len(frames), 1)) < 0.9)
        whole = seen(np.concatenate([corner, corner + size], axis=1), number)
        gone = rng.random(len(frames)) < 0.2
        tracks.append(replace(whole, frames=frames, filled=gone, carried=gone))
    history = TrackingHistory(times, np.zeros(50, dtype=np.int64), [None] * 50, tracks, typical=0.8)
    for mine, before in zip(smooth_boxes(history, tracks), tracks, strict=True):
        assert np.isfinite(mine.boxes).all()
        assert (mine.boxes[:, 2:] >= mine.boxes[:, :2]).all()
        assert mine.frames.tolist() == before.frames.tolist()
