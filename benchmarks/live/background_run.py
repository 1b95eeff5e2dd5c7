"""A run of the command in the background, and what it has written so far."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.speed.measurement import ROOT
from benchmarks.speed.processes import KEEPTRACK
from detectors import InputError

PATIENCE = 60.0  # seconds for what ought to happen
STEP = 0.02  # seconds between two checks


@contextmanager
def running(arguments: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A quiet run, which is ended with the block; what it says goes to `log`."""
    command = [*KEEPTRACK, *map(str, arguments), "--quiet", "--overwrite"]
    with log.open("wb") as said, subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def wait_for(what: str, true: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it is true. Raises InputError if that takes too long, or the run ends."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise InputError("the run", f"has ended, or no {what}: {log.read_text()}", "run it by hand to see more")
        time.sleep(STEP)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file of JSON objects. Raises ValueError for one that is none."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
