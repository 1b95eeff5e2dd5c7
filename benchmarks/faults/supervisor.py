"""Watches a worker: how long a case takes, how much memory its processes hold, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.measurement import ROOT

HANG = 60.0  # seconds after which a case is given up
MOST_MB = 2500.0  # at which its processes are ended, before the computer has none left
STEP = 0.1  # seconds between two looks
CASES = 400  # of one process: then a fresh one, which holds nothing of all those before
START = 120.0  # seconds for a process to take its first case


@dataclass(frozen=True)
class Ending:
    """How a case ended. status: of the exit, None for a traceback. signal: that ended the process, 0 for none."""

    seconds: float
    status: int | None = None
    trace: str = ""
    outside: tuple[str, ...] = ()
    peak_mb: float = 0.0
    signal: int = 0
    hung: bool = False


class Supervisor:
    """Keeps one worker alive until `stop`. said: folder for what commands print, and for temporary files."""

    def __init__(self, said: Path, hang: float = HANG) -> None:
        self._said, self._hang = said, hang
        self._process: subprocess.Popen[bytes] | None = None
        self._answers, self._done, self._program = -1, 0, ""

    def run(self, program: str, arguments: list[str], folder: Path, may_change: list[str]) -> Ending:
        """Run a command line in a folder."""
        if self._process is None or self._done >= CASES or program != self._program:
            self.stop()
            self._start(folder)
            self._program = program
        self._done += 1
        case = {"program": program, "arguments": arguments, "folder": str(folder), "may_change": may_change}
        return self._ask({**case, "said": str(self._said)})

    def _ask(self, case: dict[str, Any]) -> Ending:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        started, most, answer = Stopwatch(process.pid), 0.0, b""
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(case).encode() + b"\n")
            process.stdin.flush()
        while not answer.endswith(b"\n"):
            if select.select([self._answers], [], [], STEP)[0]:
                part = os.read(self._answers, 1 << 16)
                answer += part
                if not part:
                    code = process.wait()
                    self.stop()
                    return Ending(started.seconds(), peak_mb=most, signal=max(0, -code), status=code)
                continue
            most = max(most, held_mb(process.pid))
            seconds = started.seconds()
            if seconds > self._hang or most > MOST_MB:
                self.stop()
                return Ending(seconds, peak_mb=most, hung=seconds > self._hang)
        told = json.loads(answer)
        peak = max(most, told["peak_mb"])
        return Ending(started.seconds(), told["status"], told["trace"], tuple(told["outside"]), peak)

    def _start(self, folder: Path) -> None:
        """A fresh worker that has everything imported, so that cases are timed without it."""
        reading, writing = os.pipe()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200", "NO_COLOR": "1"}
        environment |= dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), str(self._said))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults.worker", str(writing)],
            cwd=ROOT,
            env=environment,
            pass_fds=[writing],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(writing)
        self._answers, self._done = reading, 0
        hang, self._hang = self._hang, START
        self._ask(
            {"program": "keeptrack", "arguments": ["--version"], "folder": str(folder), "may_change": [""]}
            | {"said": str(self._said)}
        )
        self._hang = hang

    def stop(self) -> None:
        """End the worker."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        os.close(self._answers)
        self._process = None


class Stopwatch:
    """Seconds from now on, less those in which a process waits for a processor that others have."""

    def __init__(self, process: int) -> None:
        self._process, self._last = process, 0.0
        self._started, self._before = time.monotonic(), waited(process)

    def seconds(self) -> float:
        """The thread that has waited most counts; once the process is gone, what was known last."""
        passed, now = time.monotonic() - self._started, waited(self._process)
        if now:
            self._last = max(now[thread] - self._before.get(thread, 0.0) for thread in now)
        return max(0.0, passed - self._last)


def waited(process: int) -> dict[str, float]:
    """Seconds that each thread of a process has waited for a processor; Linux tells."""
    found = {}
    for place in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            found[place.parent.name] = int(place.read_text().split()[1]) / 1e9
    return found


def held_mb(process: int) -> float:
    """Memory that a process and its children hold."""
    total, waiting = 0.0, [process]
    while waiting:
        place = Path("/proc", str(waiting.pop()))
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int((place / "statm").read_text().split()[1]) * 4096 / 1e6
            for task in (place / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return total
