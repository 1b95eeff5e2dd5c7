"""The motion that all tracks share."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Floats
from tracker.association.shared_motion import MIN_SHIFT, MIN_TRACKS, shared_shift


def crowd(rng: np.random.Generator, shift: tuple[float, float], count: int = 20, spread: float = 1.0) -> Floats:
    return np.asarray(rng.normal(shift, spread, (count, 2)))


def test_a_jerk_shows_through_everybodys_own_way() -> None:
    shift = shared_shift(crowd(np.random.default_rng(1), (12.0, -5.0)))
    assert shift is not None
    np.testing.assert_allclose(shift, [12, -5], atol=1.0)


def test_people_who_walk_their_own_ways_hardly_ever_move_the_camera() -> None:
    shifts = [shared_shift(crowd(np.random.default_rng(seed), (0.0, 0.0))) for seed in range(1000)]
    sizes = np.array([0.0 if shift is None else np.abs(shift).max() for shift in shifts])
    assert np.mean(sizes > 0) < 0.05  # the median of twenty is now and then off by chance
    assert np.mean(sizes > 0.5) < 0.005


def test_a_few_strangers_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    innovations = crowd(rng, (8.0, 0.0))
    innovations[:6] += 60
    shift = shared_shift(innovations)
    assert shift is not None
    np.testing.assert_allclose(shift, [8, 0], atol=1.5)


def test_too_few_tracks_and_too_little_motion_count_as_none() -> None:
    assert shared_shift(np.full((MIN_TRACKS - 1, 2), 30.0)) is None
    assert shared_shift(np.full((10, 2), 0.9 * MIN_SHIFT)) is None
    np.testing.assert_allclose(np.asarray(shared_shift(np.full((MIN_TRACKS, 2), 30.0))), [30, 30])


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(-20, 20))
def test_the_shift_is_shrunk_never_exaggerated(seed: int, x: float) -> None:
    innovations = crowd(np.random.default_rng(seed), (x, 0.0), spread=2.0)
    shift = shared_shift(innovations)
    if shift is not None:
        median = np.median(innovations, axis=0)
        assert (np.abs(shift) <= np.abs(median) + 1e-12).all()
        assert (shift * median >= 0).all()
