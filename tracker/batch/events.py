"""Events that an engine yields while it runs jobs."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.batch.job import Job, Outcome


@dataclass(frozen=True)
class JobStarted:
    """A worker has started a job."""

    job: Job


@dataclass(frozen=True)
class JobProgress:
    """doing: a word. done: frames so far. total: frames in all, None if unknown."""

    job: Job
    doing: str
    done: int
    total: int | None


@dataclass(frozen=True)
class JobFinished:
    """A job is done or has failed."""

    job: Job
    outcome: Outcome


Event = JobStarted | JobProgress | JobFinished
