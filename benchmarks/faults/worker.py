"""A process that runs command lines of the product inside itself, one after the other, and reports on each.

Started by supervisor.py: reads cases as lines of JSON from standard input, and answers with lines of JSON on the
descriptor that its argument names.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAMS = {"keeptrack": "tracker.commands.cli", "training": "training.__main__"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
}
CHANGING |= {"shutil.rmtree": 1, "os.chmod": 1, "sqlite3.connect": 1}
"""Audit events of changes, and how many of their first arguments are paths."""
DIRECTORIES = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 2,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.chmod": 2,
}
"""Where descriptors of folders begin among the arguments of such an event; -1 stands for none."""


class Guard:
    """Notes each file that is written, moved or removed outside of the folders that a case may change."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] | None = None
        self.outside: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What sys.addaudithook calls."""
        if self.allowed is None:
            return
        if event == "open":
            name, mode, flags = arguments[:3]
            writes = any(each in mode for each in "wax+") if isinstance(mode, str) else bool((flags or 0) & WRITING)
            names = [name] if writes else []
        elif any(isinstance(each, int) and each >= 0 for each in arguments[DIRECTORIES.get(event, len(arguments)) :]):
            names = []  # below a folder that was opened, as rmtree does, of which an event of its own tells
        else:
            names = list(arguments[: CHANGING.get(event, 0)])
        for name in names:
            if isinstance(name, (str, bytes, os.PathLike)) and not self._may_change(os.fsdecode(name)):
                self.outside.append(f"{event} {os.fsdecode(name)}"[:300])

    def _may_change(self, name: str) -> bool:
        if name.startswith(("file:", ":memory:")):  # SQLite's addresses: read-only here
            return True
        with suppress(ValueError):
            name = os.path.realpath(name)
        assert self.allowed is not None
        return name.startswith(self.allowed) or name in ("/dev/null", "/dev/tty")


def run(case: dict[str, Any], guard: Guard) -> dict[str, Any]:
    """Run one case: its exit status, or its traceback; the most memory held; what it changed outside."""
    os.chdir(case["folder"])
    main: Callable[[list[str]], int] = importlib.import_module(PROGRAMS[case["program"]]).main
    reset_peak()
    guard.outside = []
    guard.allowed = (case["said"], *(os.path.join(case["folder"], name) for name in case["may_change"]))
    status, trace = None, ""
    try:
        status = main(list(case["arguments"]))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # whatever it is, no user may see it
        trace = traceback.format_exc()
    finally:
        guard.allowed = None
        with suppress(ValueError, OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    return {"status": status, "trace": trace, "outside": guard.outside[:5], "peak_mb": peak_mb()}


def reset_peak() -> None:
    """Forget how much memory was held so far."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The most memory held since then."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1000
    return 0.0


def serial_engine(jobs: Any, count: int, stall: float, runner: Any = None) -> Iterator[Any]:
    """The engine of `annotate`, in this process: starting one for each case would take a second and more."""
    from tracker.batch.events import JobFinished, JobStarted
    from tracker.batch.local_engine import default_runner

    run_job = default_runner() if runner is None else runner
    for job in jobs:
        yield JobStarted(job)
        yield JobFinished(job, run_job(job, lambda *_: None))


def replace_engine(engine: Callable[..., Iterator[Any]]) -> None:
    """Make `engine` that of `annotate`, and `serial_engine` that which measures videos."""
    setattr(importlib.import_module("tracker.commands.annotate"), "run_local", engine)  # noqa: B010  # not its own name
    setattr(importlib.import_module("tracker.batch.splitting"), "run_local", serial_engine)  # noqa: B010


def main() -> None:
    """Serve until standard input ends. What commands print goes to files in each case's folder."""
    channel = os.fdopen(int(sys.argv[1]), "w")
    guard = Guard()
    sys.addaudithook(guard)
    replace_engine(serial_engine)
    requests = os.fdopen(os.dup(0), "r")
    for line in requests:
        case = json.loads(line)
        for number, name in ((1, "stdout"), (2, "stderr")):
            with open(os.path.join(case["said"], name), "wb") as file:
                os.dup2(file.fileno(), number)
        channel.write(json.dumps(run(case, guard)) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
