"""Time stamps of an mp4: the source's own, or finer ones where it has more frames than those can tell apart."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tracker.writers.video_timestamps import VideoTimestamps, fine_enough


@pytest.mark.parametrize(("rate", "parts"), [(25, 1), (500, 1), (1000, 16), (2500, 40)])
def test_a_fast_file_has_finer_stamps_that_hold_the_others(rate: int, parts: int) -> None:
    assert fine_enough(Fraction(1, 1000), Fraction(rate)) == Fraction(1, 1000 * parts)


def test_stamps_of_a_fast_file_do_not_run_ahead() -> None:
    stamps = VideoTimestamps(fine_enough(Fraction(1, 1000), Fraction(1000)), 0.0)
    last = [stamps.next(index / 5000) for index in range(500)][-1]
    assert float(last * stamps.time_base) == pytest.approx(499 / 5000, abs=1e-3)
