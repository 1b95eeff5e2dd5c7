"""A command from its start to its end: seconds, processor time of all threads, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.measurement import ROOT
from detectors import InputError

KEEPTRACK = (sys.executable, "-m", "tracker")


@dataclass(frozen=True)
class Cost:
    """seconds: by the clock. cpu: seconds of all processors together, user and system. peak_mb: most memory held."""

    seconds: float
    cpu: float
    peak_mb: float

    @property
    def limit(self) -> float:
        """Seconds if every processor had been at work all the time."""
        return self.cpu / processors()


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    command: Sequence[str | Path], log: Path, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command; what it prints goes to `log`. Raises InputError with the last line of that when it fails.

    The system counts the memory of the process that starts it as well, so `peak_mb` is never below our own.
    """
    with log.open("wb") as printed:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = (log.read_text(errors="replace").strip() or "it printed nothing").splitlines()[-1]
        raise InputError(" ".join(str(part) for part in command), f"has failed: {last}", "run it by hand to see more")
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)
