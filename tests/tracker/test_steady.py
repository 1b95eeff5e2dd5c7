"""Times of pictures that come in bursts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.sources.steady import JUMP, SHARE, Steady


def test_without_stamps_pictures_are_taken_when_they_come() -> None:
    steady = Steady()
    assert [steady(None, now) for now in (0.0, 0.5, 0.6)] == [0.0, 0.5, 0.6]


@given(zero=st.floats(-1e5, 1e5), rate=st.floats(5, 60), seed=st.integers(0, 999))
def test_steps_are_those_of_the_stamps_though_pictures_come_in_bursts(zero: float, rate: float, seed: int) -> None:
    taken = np.arange(100) / rate
    came = taken + np.random.default_rng(seed).uniform(0, 0.1, 100)
    steady = Steady()
    times = np.array([steady(zero + stamp, now) for stamp, now in zip(taken, came, strict=True)])
    assert np.abs(np.diff(times) - 1 / rate).max() <= 0.1 * SHARE + 1e-6
    assert np.abs(times - came).max() <= 0.1 + 1e-6


@given(drift=st.floats(-1e-3, 1e-3))
def test_a_clock_that_goes_wrong_is_followed(drift: float) -> None:
    steady = Steady()
    times = [(steady(index / 25 * (1 + drift), index / 25), index / 25) for index in range(20_000)]
    assert all(abs(time - now) < 0.002 for time, now in times)


def test_stamps_that_begin_anew_do_not_take_time_along() -> None:
    steady = Steady()
    before = [steady(1000 + index / 25, index / 25) for index in range(50)]
    after = [steady(index / 25, 2 + index / 25) for index in range(50)]
    assert np.allclose(np.diff([*before, *after]), 1 / 25)
    assert steady(1.96 + JUMP * 2, 4.0) == 4.0
