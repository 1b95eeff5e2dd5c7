"""The statistics of a run as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectors import InputError
from tracker.writers.stats import peak_rss_mb, write_stats


def test_stats_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    write_stats(path, {"frames": 3})
    assert json.loads(path.read_text()) == {"frames": 3}
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot be written"):
        write_stats(tmp_path / "missing" / "stats.json", {})


def test_peak_memory_is_that_of_a_python_process() -> None:
    peak = peak_rss_mb()
    assert peak is None or 20 < peak < 50_000
