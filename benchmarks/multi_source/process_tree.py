"""What a process and its children take: processor time, and memory with shared pages counted once."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PERIOD = 0.25  # seconds between two looks at the memory


class Cost(NamedTuple):
    """Of several processes together. wall, cpu: seconds. pss, rss: peak megabytes, where pages that processes share
    count once, and where they count in each.
    """

    wall: float
    cpu: float
    pss: float
    rss: float


def run_together(commands: Sequence[Sequence[str]], folder: Path) -> Cost:
    """Run commands at the same time, to their ends. Raises RuntimeError if one fails."""
    began, before = time.perf_counter(), os.times()
    processes = [subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) for command in commands]
    pss = rss = 0.0
    while any(process.poll() is None for process in processes):
        found = [memory_of(process.pid) for process in processes if process.poll() is None]
        pss, rss = max(pss, sum(each[0] for each in found)), max(rss, sum(each[1] for each in found))
        time.sleep(PERIOD)
    after = os.times()
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{' '.join(commands[0])} has failed")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - began, cpu, pss, rss)


def memory_of(pid: int) -> tuple[float, float]:
    """Proportional and resident set size of a process in megabytes; zeros once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    found = {line.split(":")[0]: float(line.split()[1]) / 1000 for line in lines[1:] if ":" in line}
    return found.get("Pss", 0.0), found.get("Rss", 0.0)
