"""What an engine tells while it works on jobs."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.batch.job import Job, Outcome


@dataclass(frozen=True)
class Begun:
    """Somebody takes up a job."""

    job: Job


@dataclass(frozen=True)
class Progress:
    """doing: a word. done: frames so far. total: frames in all, None if unknown."""

    job: Job
    doing: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Ended:
    """A job is done or has failed."""

    job: Job
    outcome: Outcome


Event = Begun | Progress | Ended
