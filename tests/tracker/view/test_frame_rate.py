"""The frame rate over the last seconds."""

from __future__ import annotations

import pytest

from tracker.view.frame_rate import FrameRateMeter


def test_the_frame_rate_is_that_of_the_last_seconds() -> None:
    meter = FrameRateMeter()
    for step in range(1000):
        meter.update(step / 50, step / 25)
    assert list(meter.rates()) == pytest.approx([50, 2])
    assert len(meter._marks) < 100
