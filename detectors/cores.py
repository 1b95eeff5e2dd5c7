"""The number of processor cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
LIMIT = "KEEPTRACK_CORES"  # in the environment: the share of one of several processes side by side


def available_cores(quota: Path = QUOTA) -> int:
    """The cores that this process may use, at least 1.

    They are fewer than the computer has if the process is bound to some of them, or if a container has only a share:
    `quota` is the file in which Linux (control groups, version 2) gives it, ``MICROSECONDS PERIOD``. The environment
    variable KEEPTRACK_CORES sets a lower limit.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get(LIMIT, "")
    if limit.isdecimal():
        bound = max(1, min(bound, int(limit)))
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return max(1, min(bound, int(share) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no such system, or "max": no limit
        return max(1, bound)
