"""The comparison of one process with several: what it counts of processes, and what it makes of their reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.multi_source.__main__ import Round, row
from benchmarks.multi_source.process_tree import Cost, run_together


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="this system does not tell shared memory")
def test_processor_time_and_memory_of_processes_together(tmp_path: Path) -> None:
    hold = "import time\nheld = b'x' * 50_000_000\nwhile time.process_time() < 0.5: pass"
    cost = run_together([[sys.executable, "-c", hold]] * 2, tmp_path)
    assert cost.cpu >= 0.6
    assert cost.rss >= cost.pss > 100, "50 MB in each"
    with pytest.raises(RuntimeError, match="has failed"):
        run_together([[sys.executable, "-c", "raise SystemExit(1)"]], tmp_path)


def test_a_row_compares_medians() -> None:
    one = [Round(400, fps, Cost(10.0, 8.0, 300.0, 400.0)) for fps in (50.0, 60.0, 90.0)]
    many = [Round(400, 40.0, Cost(20.0, 12.0, 600.0, 1000.0))] * 3
    assert row("one process", one, many) == ["one process", "60.0", "40.0", "20.0", "300", "400", "1.50, 0.50"]
