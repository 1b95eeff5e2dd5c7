"""The batched filter against filterpy's, which multiplies the full 8x8 matrices of one track at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter as FullFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from detectors.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from tracker.association.kalman import KalmanFilter
from tracker.association.motion_models import (
    CENTRE_AREA_RATIO,
    CENTRE_ASPECT_HEIGHT,
    CENTRE_SIZE,
    FRAME,
    MotionModel,
)


@dataclass(frozen=True)
class Paper:
    """A motion model once more, for one box: its coordinates and their unit, spelled out as the papers have them."""

    model: MotionModel
    coordinates: Callable[[float, float, float, float], list[float]]
    unit: Callable[[list[float]], list[float]]


PAPERS = [
    Paper(CENTRE_SIZE, lambda x, y, w, h: [x, y, w, h], lambda c: [c[2], c[3], c[2], c[3]]),
    Paper(CENTRE_ASPECT_HEIGHT, lambda x, y, w, h: [x, y, w / h, h], lambda c: [c[3], c[3], 1.0, c[3]]),
    Paper(
        CENTRE_AREA_RATIO,
        lambda x, y, w, h: [x, y, w * h, w / h],
        lambda c: [max(c[2], 0.0) ** 0.5, max(c[2], 0.0) ** 0.5, c[2], 1.0],
    ),
]
each_model = pytest.mark.parametrize("paper", PAPERS, ids=["centre_size", "centre_aspect_height", "centre_area_ratio"])
seeds = st.integers(0, 2**32 - 1)


class FullTrack:
    """One track in filterpy: state (4 coordinates, 4 velocities per second) and dense covariances."""

    def __init__(self, paper: Paper, box: Floats) -> None:
        self.paper = paper
        self.kf: Any = FullFilter(dim_x=8, dim_z=4)
        self.kf.H = np.eye(4, 8)
        self.kf.x[:4, 0] = self.measured(box)
        model = paper.model
        deviations = [*self.unit() * model.start_position, *self.unit() * model.start_velocity / FRAME]
        self.kf.P = np.diag(np.square(deviations))

    def measured(self, box: Floats) -> Floats:
        x1, y1, x2, y2 = box.tolist()
        return np.array(self.paper.coordinates((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1))

    def unit(self) -> Floats:
        return np.maximum(self.paper.unit(self.kf.x[:4, 0].tolist()), 1e-3)

    def predict(self, seconds: float) -> None:
        model = self.paper.model
        moves = np.array(model.start_velocity) > 0
        walk = [*self.unit() * model.position, *self.unit() * model.velocity / FRAME * moves]
        transition = np.eye(8) + seconds * np.eye(8, k=4)
        self.kf.predict(F=transition, Q=np.diag(np.square(walk)) * seconds / FRAME)

    def noise(self) -> Floats:
        return np.diag(np.square(self.unit() * self.paper.model.measurement))

    def update(self, box: Floats) -> None:
        self.kf.update(self.measured(box), R=self.noise())

    def gating_distance(self, box: Floats) -> float:
        """(z - Hx)' inv(HPH' + R) (z - Hx)."""
        difference = self.measured(box) - self.kf.H @ self.kf.x[:, 0]
        innovation = self.kf.H @ self.kf.P @ self.kf.H.T + self.noise()
        return float(difference @ np.linalg.inv(innovation) @ difference)


def random_boxes(rng: np.random.Generator, count: int) -> Floats:
    centre, size = rng.uniform(-50, 1500, (count, 2)), rng.uniform(5, 300, (count, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def moved(rng: np.random.Generator, boxes: Floats, seconds: float) -> Floats:
    """The boxes after a random step: up to a fifth of their size in a second, and a few hundred pixels."""
    size = (boxes[:, 2:] - boxes[:, :2]) * rng.uniform(0.8, 1.25, (len(boxes), 2)) ** seconds
    corner = boxes[:, :2] + rng.normal(0, 200, (len(boxes), 2)) * seconds
    return np.concatenate([corner, corner + size], axis=1)


def assert_same(batched: KalmanFilter, tracks: list[FullTrack]) -> None:
    """Mean and full covariance of each row agree; what the batched filter leaves out is zero in the full one."""
    assert len(batched) == len(tracks)
    for row, track in enumerate(tracks):
        covariance = np.diag(np.concatenate([batched.var_mean[row], batched.var_velocity[row]]))
        covariance += np.diag(batched.cov[row], 4) + np.diag(batched.cov[row], -4)
        state = np.concatenate([batched.mean[row], batched.velocity[row]])
        np.testing.assert_allclose(state, track.kf.x[:, 0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(covariance, track.kf.P, rtol=1e-9, atol=1e-9)


@each_model
@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=25)
def test_equals_the_full_filter_over_random_histories(paper: Paper, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batched, boxes = KalmanFilter(paper.model), np.empty((0, 4))
    tracks: list[FullTrack] = []
    for _ in range(12):
        seconds = rng.uniform(0.005, 0.5)
        batched.predict(seconds)
        for track in tracks:
            track.predict(seconds)
        boxes = moved(rng, boxes, seconds)
        seen = rng.permutation(len(tracks))[: rng.integers(0, len(tracks) + 1)]  # the others miss this update
        batched.update(seen, boxes[seen])
        for row in seen:
            tracks[row].update(boxes[row])
        assert_same(batched, tracks)
        if rng.random() < 0.3:
            kept = rng.random(len(tracks)) < 0.8
            batched.keep(kept)
            tracks, boxes = [tracks[row] for row in np.flatnonzero(kept)], boxes[kept]
        if len(tracks) < 4:
            new = random_boxes(rng, int(rng.integers(0, 3)))
            batched.append(new)
            tracks, boxes = [*tracks, *(FullTrack(paper, box) for box in new)], np.concatenate([boxes, new])
        assert_same(batched, tracks)


@each_model
@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=25)
def test_gating_distance_is_the_full_mahalanobis_form(paper: Paper, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = random_boxes(rng, 4)
    batched, tracks = KalmanFilter(paper.model), [FullTrack(paper, box) for box in start]
    batched.append(start)
    for seconds in rng.uniform(0.01, 0.3, 3):
        batched.predict(seconds)
        batched.update(np.array([0, 2]), start[[0, 2]])
        for row, track in enumerate(tracks):
            track.predict(seconds)
            if row in (0, 2):
                track.update(start[row])
    rows, boxes = np.array([3, 0, 2]), np.concatenate([random_boxes(rng, 3), moved(rng, start, 0.1)])
    slow = [[tracks[row].gating_distance(box) for box in boxes] for row in rows]
    np.testing.assert_allclose(batched.gating_distance(rows, boxes), slow, rtol=1e-9, atol=1e-9)


def test_at_30_frames_a_second_the_noise_is_deepsorts() -> None:
    # the numbers of DeepSORT's own filter, per frame, for a box 100 pixels high
    start = np.array([10, 10, 1e-2, 10, 6.25, 6.25, 1e-5, 6.25])
    walk = np.array([5, 5, 1e-2, 5, 0.625, 0.625, 1e-5, 0.625])
    motion = KalmanFilter(CENTRE_ASPECT_HEIGHT)
    motion.append(np.array([[200.0, 50.0, 240.0, 150.0]]))
    np.testing.assert_allclose(motion.var_mean[0], start[:4] ** 2)
    np.testing.assert_allclose(motion.var_velocity[0] * FRAME**2, start[4:] ** 2)
    motion.predict(1 / 30)
    np.testing.assert_allclose(motion.var_mean[0], start[:4] ** 2 + start[4:] ** 2 + walk[:4] ** 2)
    np.testing.assert_allclose(motion.cov[0] * FRAME, start[4:] ** 2)
    np.testing.assert_allclose(motion.var_velocity[0] * FRAME**2, start[4:] ** 2 + walk[4:] ** 2)


@each_model
def test_two_short_predictions_move_a_box_as_far_as_a_long_one(paper: Paper) -> None:
    short, long = KalmanFilter(paper.model), KalmanFilter(paper.model)
    boxes = random_boxes(np.random.default_rng(1), 3)
    for motion in (short, long):
        motion.append(boxes)
        motion.predict(0.1)
        motion.update(np.arange(3), boxes + 7.0)
    short.predict(0.2)
    short.predict(0.3)
    long.predict(0.5)
    np.testing.assert_allclose(short.boxes(), long.boxes())
    assert (np.abs(short.boxes() - boxes).max(axis=1) > 7).all()


def test_sorts_aspect_ratio_has_no_velocity() -> None:
    motion = KalmanFilter(CENTRE_AREA_RATIO)
    motion.append(np.array([[0.0, 0.0, 10.0, 20.0]]))
    for step in range(1, 6):
        motion.predict(0.1)
        motion.update(np.array([0]), np.array([[0.0, 0.0, 10.0 + 5 * step, 20.0]]))
    assert motion.mean[0, 3] > 0.5
    assert motion.velocity[0, 3] == 0
    assert motion.velocity[0, 2] > 0


def test_a_coordinate_without_a_velocity_at_the_start_stays_still_for_good() -> None:
    motion = KalmanFilter(replace(CENTRE_SIZE, start_velocity=(1 / 16, 1 / 16, 0, 0)))
    motion.append(np.array([[0.0, 0.0, 10.0, 20.0]]))
    for step in range(1, 6):
        motion.predict(0.1)
        motion.update(np.array([0]), np.array([[0.0, 0.0, 10.0 + 5 * step, 20.0 + 5 * step]]))
    np.testing.assert_array_equal(motion.velocity[0, 2:], 0)
    assert (motion.velocity[0, :2] > 0).all()


@each_model
def test_append_leaves_the_filters_before_it_alone(paper: Paper) -> None:
    rng = np.random.default_rng(2)
    one, both, boxes = KalmanFilter(paper.model), KalmanFilter(paper.model), random_boxes(rng, 5)
    one.append(boxes[:2])
    both.append(boxes[:2])
    for motion in (one, both):
        motion.predict(0.04)
        motion.update(np.array([1]), boxes[[4]])
    both.append(boxes[2:])
    np.testing.assert_array_equal(both.boxes()[:2], one.boxes())
    np.testing.assert_array_equal(both.var_velocity[:2], one.var_velocity)
    np.testing.assert_allclose(both.boxes()[2:], boxes[2:])
    np.testing.assert_array_equal(both.velocity[2:], 0)


@each_model
@pytest.mark.parametrize("rows", [[True, False, True], [2, 0], []])
def test_keep_takes_the_rows_it_is_given_in_their_order(paper: Paper, rows: list[int]) -> None:
    motion, boxes = KalmanFilter(paper.model), random_boxes(np.random.default_rng(3), 3)
    motion.append(boxes)
    chosen = np.array(rows, dtype=bool if rows and rows[0] is True else np.int64)
    before = motion.var_mean
    motion.keep(chosen)
    assert len(motion) == len(boxes[chosen])
    np.testing.assert_allclose(motion.boxes(), boxes[chosen])
    np.testing.assert_array_equal(motion.var_mean, before[chosen])
    motion.predict(0.1)  # columns that did not shrink together would fail to add up
    assert motion.cov.shape == motion.var_velocity.shape == (len(boxes[chosen]), 4)


@each_model
@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_boxes_survive_the_way_to_coordinates_and_back(paper: Paper, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(-1e4, 1e4, (20, 2)), rng.uniform(1, 900, (20, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    np.testing.assert_allclose(paper.model.to_boxes(paper.model.from_boxes(boxes)), boxes, rtol=1e-9, atol=1e-7)


@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_centre_and_size_are_to_the_digit_those_of_the_columns(seed: int) -> None:
    boxes = random_boxes(np.random.default_rng(seed), 20)
    state = CENTRE_SIZE.from_boxes(boxes)
    np.testing.assert_array_equal(state, xyxy_to_cxcywh(boxes))
    np.testing.assert_array_equal(CENTRE_SIZE.to_boxes(state), cxcywh_to_xyxy(state))


@each_model
def test_coordinates_are_those_of_the_paper(paper: Paper) -> None:
    # centre (30, 60), 20 wide, 80 high
    expected = paper.coordinates(30, 60, 20, 80)
    np.testing.assert_allclose(paper.model.from_boxes(np.array([[20.0, 20.0, 40.0, 100.0]]))[0], expected)


@each_model
def test_no_filters_and_no_boxes_are_fine(paper: Paper) -> None:
    motion, nothing, none = KalmanFilter(paper.model), np.empty((0, 4)), np.empty(0, dtype=np.int64)
    motion.predict(0.1)
    motion.append(nothing)
    motion.update(none, nothing)
    assert len(motion) == 0
    assert motion.boxes().shape == (0, 4)
    assert motion.gating_distance(none, np.ones((3, 4))).shape == (0, 3)
    motion.append(np.array([[0.0, 0.0, 5.0, 5.0]]))
    assert motion.gating_distance(np.array([0]), nothing).shape == (1, 0)


DEGENERATE = np.array(
    [[5, 5, 5, 5], [5, 5, 5, 25], [5, 5, 25, 5], [5, 5, 5 + 1e-9, 400], [0, 0, 1e5, 1e-9], [1, 2, 30, 40]], dtype=float
)


@each_model
def test_boxes_without_area_stay_finite(paper: Paper) -> None:
    motion, rows = KalmanFilter(paper.model), np.arange(len(DEGENERATE))
    motion.append(DEGENERATE)
    for step in range(40):
        motion.predict(0.04)
        # every box becomes every other one, so that sizes fall to nothing and grow from nothing
        measured = np.roll(DEGENERATE, step // 8, axis=0)
        assert np.isfinite(motion.gating_distance(rows, measured)).all()
        motion.update(rows, measured)
        boxes = motion.boxes()
        assert np.isfinite(boxes).all()
        assert (boxes[:, 2:] >= boxes[:, :2]).all()
        assert (motion.var_mean > 0).all()
        assert (motion.var_velocity >= 0).all()


@each_model
def test_a_box_that_shrinks_is_never_predicted_inside_out(paper: Paper) -> None:
    motion = KalmanFilter(paper.model)
    motion.append(np.array([[0.0, 0.0, 60.0, 90.0]]))
    for scale in (0.8, 0.6, 0.4, 0.2):
        motion.predict(0.04)
        motion.update(np.array([0]), scale * np.array([[0.0, 0.0, 60.0, 90.0]]))
    for _ in range(20):
        motion.predict(0.2)
        x1, y1, x2, y2 = motion.boxes()[0]
        assert x2 >= x1
        assert y2 >= y1
        assert np.isfinite([x1, y1, x2, y2]).all()


@each_model
def test_no_variance_turns_negative_however_sizes_jump(paper: Paper) -> None:
    rng = np.random.default_rng(7)

    def boxes_of_any_size() -> Floats:
        corner, size = rng.uniform(0, 1000, (1000, 2)), rng.choice([0, 1e-6, 1e-3, 1, 20, 500], (1000, 2))
        return np.concatenate([corner, corner + size * rng.uniform(0.5, 1.5, (1000, 2))], axis=1)

    motion, rows = KalmanFilter(paper.model), np.arange(1000)
    motion.append(boxes_of_any_size())
    for _ in range(30):
        motion.predict(rng.choice([0.001, 0.04, 1, 10]))
        assert (motion.gating_distance(rows[:5], boxes_of_any_size()) >= 0).all()
        motion.update(rows, boxes_of_any_size())
        assert (motion.var_mean >= 0).all()
        assert (motion.var_velocity >= 0).all()


@each_model
@given(seed=seeds)
@settings(deadline=None, derandomize=True, max_examples=25)
def test_a_way_that_was_seen_counts_as_for_a_filter_that_keeps_where_it_began(paper: Paper, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batched, track = KalmanFilter(paper.model), FullTrack(paper, (start := random_boxes(rng, 1))[0])
    batched.append(start)
    for _ in range(3):  # so that sizes have velocities too
        batched.predict(0.04)
        track.predict(0.04)
        start = moved(rng, start, 0.04)
        batched.update(np.arange(1), start)
        track.update(start[0])
    assert (batched.velocity[:, 2] != 0).all()
    for _ in range(5):
        seconds, deviation = rng.uniform(0.01, 0.3), rng.uniform(0.1, 5, 2)
        offset = rng.normal(0, 20, 2)
        size, kept = batched.mean[:, 2:].copy(), track.kf.x[2:4].copy()
        found = batched.position_uncertainty(seconds, np.arange(1), np.array([False]), deviation)
        unit = track.unit()[:2]
        batched.propagate(seconds, np.arange(1), offset[None], deviation)
        before = track.kf.P.copy()
        origin = track.kf.x[:2, 0].copy()
        track.predict(seconds)
        assert found[0] == pytest.approx((np.sqrt(np.diag(track.kf.P)[:2]) / unit).max())
        track.kf.x[2:4] = kept
        transition = np.eye(8) + seconds * np.eye(8, k=4)
        whole = np.block([[track.kf.P, transition @ before[:, :2]], [before[:2] @ transition.T, before[:2, :2]]])
        state = np.concatenate([track.kf.x[:, 0], origin])
        measure = np.hstack([np.eye(2, 8), -np.eye(2)])  # the centre now less the centre before
        gain = whole @ measure.T @ np.linalg.inv(measure @ whole @ measure.T + np.diag(deviation**2))
        state, whole = state + gain @ (offset - measure @ state), whole - gain @ measure @ whole
        track.kf.x[:, 0], track.kf.P = state[:8], whole[:8, :8]
        assert_same(batched, [track])
        np.testing.assert_array_equal(batched.mean[:, 2:], size)


def test_a_filter_whose_way_was_not_seen_is_led_on_and_its_size_stays() -> None:
    batched, other = KalmanFilter(CENTRE_SIZE), KalmanFilter(CENTRE_SIZE)
    rng = np.random.default_rng(0)
    boxes = random_boxes(rng, 3)
    for each in (batched, other):
        each.append(boxes)
        each.predict(0.1)
        each.update(np.arange(3), boxes * 1.02)
    batched.propagate(0.1, np.array([1]), np.array([[3.0, -2.0]]), 0.5)
    other.predict(0.1)
    np.testing.assert_array_equal(batched.mean[[0, 2], :2], other.mean[[0, 2], :2])
    np.testing.assert_array_equal(batched.var_mean[[0, 2]], other.var_mean[[0, 2]])
    assert (batched.var_mean[1, :2] < other.var_mean[1, :2]).all()
