"""A line a minute."""

from __future__ import annotations

import re
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from tracker.commands.status_log import StatusLog
from tracker.sources.live_status import LiveStatus


def run_of(is_live: bool = True) -> Any:
    activity = SimpleNamespace(
        line_counts=lambda: {"door": {"in": 3, "out": 1}}, zone_counts=lambda: {"hall": {"inside": 2, "entries": 5}}
    )
    source = SimpleNamespace(live=LiveStatus() if is_live else None)
    counts = Counter({"person": 7, "car": 2})
    state = SimpleNamespace(frames=0, latency=0.0414, present=Counter({"person": 2}))
    return SimpleNamespace(source=source, sinks=SimpleNamespace(activity=activity), state=state, class_counts=counts)


def test_a_live_source_is_told_of_once_in_a_period(capsys: pytest.CaptureFixture[str]) -> None:
    now, run = [100.0], run_of()
    log = StatusLog(60, lambda: now[0])
    log.start(run)
    for passed in range(1, 131):
        now[0], run.state.frames, run.source.live.skipped = 100.0 + passed, 20 * passed, 5 * passed
        log.advance(run)
    first, second = capsys.readouterr().out.splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", first)
    text = "20.0 frames a second, 300 skipped, 41 ms behind; 2 here (2 person), 9 so far; door in 3 out 1; 2 in hall"
    assert first[21:] == second[21:] == text
    run.source.live.connected, run.state.present = False, Counter()
    log.summary(run)
    (last,) = capsys.readouterr().out.splitlines()
    assert last[21:].startswith("20.0 frames a second, 50 skipped, no picture; 0 here, 9 so far; ")


def test_a_file_is_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    now, run = [0.0], run_of(is_live=False)
    log = StatusLog(1, lambda: now[0])
    log.start(run)
    now[0] = 100.0
    log.advance(run)
    log.summary(run)
    assert capsys.readouterr().out == ""
