"""Warnings about an outage, limited in number."""

from __future__ import annotations

import pytest

from tracker.sources.rate_limited_log import RateLimitedLog


def test_a_long_outage_is_told_in_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = RateLimitedLog("camera", lambda: now[0])
    for _ in range(3600):
        now[0] += 1.0
        log.warn("stream lost")
    assert 50 < len(caplog.messages) < 100
    assert "left out" in caplog.messages[-1]
