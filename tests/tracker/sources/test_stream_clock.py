"""Times of pictures that come in bursts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.sources.stream_clock import JUMP, SHARE, StreamClock


def test_without_stamps_pictures_are_taken_when_they_come() -> None:
    steady = StreamClock()
    assert [steady(None, now) for now in (0.0, 0.5, 0.6)] == [0.0, 0.5, 0.6]


@given(zero=st.floats(-1e5, 1e5), rate=st.floats(5, 60), seed=st.integers(0, 999))
def test_steps_are_those_of_the_stamps_though_pictures_come_in_bursts(zero: float, rate: float, seed: int) -> None:
    taken = np.arange(100) / rate
    came = taken + np.random.default_rng(seed).uniform(0, 0.1, 100)
    steady = StreamClock()
    times = np.array([steady(zero + stamp, now) for stamp, now in zip(taken, came, strict=True)])
    assert np.abs(np.diff(times) - 1 / rate).max() <= 0.1 * SHARE + 1e-6
    assert np.abs(times - came).max() <= 0.1 + 1e-6


@given(drift=st.floats(-1e-3, 1e-3))
def test_a_clock_that_goes_wrong_is_followed(drift: float) -> None:
    steady = StreamClock()
    times = [(steady(index / 25 * (1 + drift), index / 25), index / 25) for index in range(20_000)]
    assert all(abs(time - now) < 0.002 for time, now in times)


def test_stamps_that_begin_anew_do_not_take_time_along() -> None:
    steady = StreamClock()
    before = [steady(1000 + index / 25, index / 25) for index in range(50)]
    after = [steady(index / 25, 2 + index / 25) for index in range(50)]
    assert np.allclose(np.diff([*before, *after]), 1 / 25)
    assert steady(1.96 + JUMP * 2, 4.0) == 4.0


@given(speed=st.one_of(st.floats(0.1, 0.3), st.floats(2, 5)))
def test_stamps_at_another_speed_are_not_believed_for_long(speed: float) -> None:
    steady = StreamClock()
    times = np.array([steady(speed * index / 25, index / 25) for index in range(1000)])
    assert (times[200:] == np.arange(200, 1000) / 25).all()


def test_a_clip_that_is_repeated_is_believed_on() -> None:
    steady, random = StreamClock(), np.random.default_rng(0)
    times = [steady(index % 250 / 25, index / 25 + random.uniform(0, 0.03)) for index in range(2000)]
    assert np.abs(np.diff(times) - 1 / 25).max() < 0.035
    assert np.abs(np.diff(times)[600:740] - 1 / 25).max() < 0.002
