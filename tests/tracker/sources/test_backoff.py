"""Delays between attempts to open a lost source again."""

from __future__ import annotations

from tracker.sources.backoff import reconnect_delay


def test_delays_are_short_at_first_and_grow_to_half_a_minute() -> None:
    assert all(reconnect_delay(away) <= 0.5 for away in (0.0, 1.0, 5.0, 9.9))
    grown = [reconnect_delay(away, lambda: 1.0) for away in (10.0, 30.0, 100.0, 1e6)]
    assert grown == sorted(grown)
    assert grown[-1] == 30.0
    assert reconnect_delay(1e6, lambda: 0.0) < reconnect_delay(1e6, lambda: 1.0)
