"""What a tracker learns about its detector and its embedder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.association.calibration import AppearanceCalibration, NoiseCalibration, ScoreCalibration


def typical(*frames: list[float]) -> float:
    calibration = ScoreCalibration()
    for scores in frames:
        calibration.update(np.array(scores, dtype=float))
    return calibration.typical


@given(st.floats(0.65, 1.0), st.lists(st.floats(0.75, 1.0), min_size=300, max_size=400))
def test_a_factor_on_all_scores_is_a_factor_on_the_typical_one(factor: float, scores: list[float]) -> None:
    whole = typical(scores)
    assert typical([factor * score for score in scores]) == pytest.approx(factor * whole, abs=0.02)


def test_clutter_hardly_counts() -> None:
    objects = [0.8] * 10
    assert typical(*[objects] * 20) == pytest.approx(0.8)
    assert typical(*[objects + [0.1] * 30] * 20) > 0.75


def test_before_anything_is_seen_an_object_is_taken_to_score_well() -> None:
    assert typical() == pytest.approx(0.8)
    assert typical([0.15]) > 0.7
    assert typical([]) == typical()


def test_an_empty_scene_does_not_make_clutter_typical() -> None:
    assert typical(*[[0.12]] * 10_000) == ScoreCalibration.MIN_TYPICAL


def test_a_day_does_not_outweigh_the_night() -> None:
    calibration = ScoreCalibration()
    for _ in range(20_000):
        calibration.update(np.full(10, 0.9))
    for _ in range(10_000):
        calibration.update(np.full(10, 0.5))
    assert calibration.typical < 0.6


def ratios(rng: np.random.Generator, spread: float) -> np.ndarray:
    """Squared innovations over their variances."""
    return (spread * rng.normal(size=(30, 4))) ** 2


@pytest.mark.parametrize(("spread", "direction"), [(3.0, 1), (0.05, -1)])
def test_noise_follows_the_innovations_within_its_limits(spread: float, direction: int) -> None:
    rng, calibration = np.random.default_rng(1), NoiseCalibration()
    factors = [calibration.factor]
    for _ in range(300):
        calibration.update(ratios(rng, spread))
        factors.append(calibration.factor)
    assert (direction * np.diff(factors) >= 0).all()
    assert factors[-1] == NoiseCalibration.LIMITS[1 if direction > 0 else 0]


def test_noise_that_has_settled_still_follows() -> None:
    rng, calibration, fresh = np.random.default_rng(3), NoiseCalibration(), NoiseCalibration()
    calibration.start_converged()
    assert NoiseCalibration.LIMITS[0] <= calibration.factor < fresh.factor / 2
    for _ in range(200):
        seen = ratios(rng, 0.75)
        calibration.update(seen)
        fresh.update(seen)
    assert calibration.factor == pytest.approx(fresh.factor)


def test_noise_rests_where_the_innovations_fit() -> None:
    rng, calibration = np.random.default_rng(2), NoiseCalibration()
    for _ in range(300):
        deviation = np.sqrt(NoiseCalibration.TARGET / 0.455)  # 0.455: median of chi-square, 1 degree
        calibration.update(ratios(rng, deviation))
    assert calibration.factor == pytest.approx(1.0, abs=0.15)
    before = calibration.factor
    calibration.update(np.empty((0, 4)))
    assert calibration.factor == before


def similarities(same: float, other: float, count: int = 6) -> np.ndarray:
    return np.where(np.eye(count, dtype=bool), same, other)


@pytest.mark.parametrize(("same", "other"), [(0.95, 0.9), (0.7, 0.1), (0.5, -0.2)])
def test_calibrated_similarity_does_not_depend_on_the_embedders_scale(same: float, other: float) -> None:
    calibration = AppearanceCalibration()
    for _ in range(400):
        calibration.update(similarities(same, other))
    np.testing.assert_allclose(
        calibration.calibrate(np.array([same, other, (same + other) / 2])), [0.5, -0.5, 0.0], atol=1e-3
    )


def test_an_embedder_that_sees_no_difference_is_not_magnified() -> None:
    calibration = AppearanceCalibration()
    for _ in range(400):
        calibration.update(similarities(0.9, 0.9))
    assert np.ptp(calibration.calibrate(np.array([0.89, 0.91]))) == pytest.approx(
        0.02 / AppearanceCalibration.MIN_CONTRAST
    )


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_calibrated_similarity_grows_with_similarity_and_has_bounds(values: list[float]) -> None:
    calibrated = AppearanceCalibration().calibrate(np.sort(values))
    assert (np.diff(calibrated) >= 0).all()
    assert calibrated.min() >= AppearanceCalibration.RANGE[0]
    assert calibrated.max() <= AppearanceCalibration.RANGE[1]


def test_one_track_alone_tells_nothing_of_others() -> None:
    calibration = AppearanceCalibration()
    before = calibration.calibrate(np.array([0.4]))
    calibration.update(np.empty((0, 0)))
    calibration.update(np.array([[0.8]]))
    np.testing.assert_allclose(calibration.calibrate(np.array([0.4])), before, atol=0.01)
