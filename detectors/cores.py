"""How many processor cores there are for this process."""

from __future__ import annotations

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
LIMIT = "KEEPTRACK_CORES"  # in the environment: the share of one of several processes side by side


def available_cores(quota: Path = QUOTA) -> int:
    """The cores that this process may use, at least 1.

    That is fewer than the machine has where the process is bound to some of them, or where a container has a share
    only: `quota` is the file in which Linux (control groups, version 2) tells of it, ``MICROSECONDS PERIOD``. The
    variable KEEPTRACK_CORES in the environment sets a lower limit yet.
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
