"""Jobs in processes of their own, some of which come to a bad end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from detectors.cores import available_cores
from tracker.batch.events import JobFinished, JobProgress, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.batch.local_engine import run_local

OnProgress = Callable[[str, int, int | None], None]


def jobs(*names: str, out: Path = Path("out")) -> list[Job]:
    return [Job(f"/{name}", name, {}, ("mot",), "all", False, False, str(out)) for name in names]


def pretend(job: Job, on_progress: OnProgress) -> Outcome:
    """Does what the job's name says."""
    on_progress("pretending", 1, 2)
    if job.name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if job.name.startswith("leave"):
        os._exit(3)
    if job.name.startswith("hang"):
        signal.pause()
    return Outcome("done", job.name, available_cores(), os.getpid())


def test_all_are_done_and_told_of() -> None:
    events = list(run_local(iter(jobs("a", "b", "c", "d")), 2, runner=pretend))
    assert sorted(event.job.name for event in events if isinstance(event, JobFinished)) == ["a", "b", "c", "d"]
    assert [event.job.name for event in events if isinstance(event, JobStarted)] == ["a", "b", "c", "d"]
    assert any(event == JobProgress(event.job, "pretending", 1, 2) for event in events)
    outcomes = [event.outcome for event in events if isinstance(event, JobFinished)]
    assert all(outcome.state == "done" for outcome in outcomes)
    assert len({outcome.tracks for outcome in outcomes}) == 2  # processes
    assert {outcome.frames for outcome in outcomes} == {max(1, available_cores() // 2)}  # cores of each


def test_a_crash_and_a_hang_cost_one_video_each() -> None:
    names = ("a", "crash", "hang", "leave", "b", "c")
    ended = [event for event in run_local(iter(jobs(*names)), 2, 1.5, pretend) if isinstance(event, JobFinished)]
    reasons = {event.job.name: event.outcome.reason for event in ended if event.outcome.state == "failed"}
    assert reasons == {
        "crash": "a library crashed on it: SIGSEGV",
        "hang": "nothing happened for 2 seconds",
        "leave": "its process ended by itself, with status 3",
    }
    assert sorted(event.job.name for event in ended if event.outcome.state == "done") == ["a", "b", "c"]


def test_leaving_early_ends_the_processes() -> None:
    events = run_local(iter(jobs("a", "hang", "b")), 1, runner=pretend)
    ended = next(event for event in events if isinstance(event, JobFinished))
    process = ended.outcome.tracks
    assert Path(f"/proc/{process}").exists() or not Path("/proc").exists()
    next(events)
    events.close()  # type: ignore[attr-defined]  # it is a generator
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        os.sched_yield()
    assert not Path(f"/proc/{process}").exists()
