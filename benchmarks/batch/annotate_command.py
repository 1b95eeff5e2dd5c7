"""The command as a user gives it, and what it leaves."""

from __future__ import annotations

import filecmp
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.measurement import ROOT
from tracker.batch.manifest import NAME, Manifest, VideoStatus

OWN = (NAME, ".lock", "report.html")  # times and attempts are in these


def command(sources: Sequence[Path], out: Path, *options: str) -> list[str]:
    """`keeptrack annotate`."""
    return [sys.executable, "-m", "tracker", "annotate", *map(str, sources), "-o", str(out), "--quiet", *options]


@dataclass(frozen=True)
class CommandResult:
    """A command that has ended. seconds: on the clock. cores: kept busy on average. said: on standard error."""

    status: int
    seconds: float
    cores: float
    said: str


def run(arguments: Sequence[str], cores: int | None = None) -> CommandResult:
    """Run a command to its end. cores: that it is bound to, None for all."""
    bound = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(bound)[:cores])  # which a child inherits
    try:
        started, before = time.perf_counter(), _busy()
        done = subprocess.run(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.sched_setaffinity(0, bound)
    seconds = time.perf_counter() - started
    return CommandResult(done.returncode, seconds, (_busy() - before) / seconds, done.stderr)


def _busy() -> float:
    """Seconds of processor time that all ended processes of ours have taken."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def statuses(out: Path) -> list[VideoStatus]:
    """What the batch says of each video."""
    with Manifest(out) as manifest:
        return manifest.statuses()


def same(a: Path, b: Path) -> bool:
    """Whether two batches have left the same files with the same bytes."""
    names = [
        sorted(str(path.relative_to(each)) for path in each.rglob("*") if path.is_file() and path.name not in OWN)
        for each in (a, b)
    ]
    return names[0] == names[1] and filecmp.cmpfiles(a, b, names[0], shallow=False)[0] == names[0]
