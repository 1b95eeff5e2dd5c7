"""The command as a user gives it, and what it leaves."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.parts import ROOT
from tracker.batch.manifest import NAME, Entry, Manifest

OWN = (NAME, ".lock", "report.html")  # times and attempts are in these


def command(sources: Sequence[Path], out: Path, *options: str) -> list[str]:
    """`keeptrack annotate`."""
    return [sys.executable, "-m", "tracker", "annotate", *map(str, sources), "-o", str(out), "--quiet", *options]


def run(arguments: Sequence[str], cores: int | None = None) -> tuple[int, float, str]:
    """Exit status, seconds and standard error. cores: at most, None for all."""
    environment = {**os.environ, **({} if cores is None else {"KEEPTRACK_CORES": str(cores)})}
    started = time.perf_counter()
    done = subprocess.run(arguments, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, time.perf_counter() - started, done.stderr


def entries(out: Path) -> list[Entry]:
    """What the batch says of each video."""
    with Manifest(out) as manifest:
        return manifest.entries()


def same(a: Path, b: Path) -> bool:
    """Whether two batches have left the same files with the same bytes."""
    names = [
        sorted(str(path.relative_to(each)) for path in each.rglob("*") if path.is_file() and path.name not in OWN)
        for each in (a, b)
    ]
    return names[0] == names[1] and filecmp.cmpfiles(a, b, names[0], shallow=False)[0] == names[0]
