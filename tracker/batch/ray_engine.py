"""Jobs on the nodes of a Ray cluster. When a node dies, its jobs are run again elsewhere."""

from __future__ import annotations

import importlib
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tracker
from detectors.cores import LIMIT
from detectors.errors import InputError
from tracker.batch import results
from tracker.batch.events import Event, JobFinished, JobProgress, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.batch.local_engine import LIBRARIES, STALL_SECONDS, JobRunner
from tracker.batch.ray_cluster import alive_nodes, cores_per_job, import_ray
from tracker.batch.ray_node import inbox_actor, job_task, pack

SUBMITTED_PER_CPU = 2  # jobs that Ray has: an autoscaler must see that there is more to do
CRASHES = 2  # of a job's process, not of its node, after which the job has failed
ATTEMPTS = 6  # at a job whose nodes die
SHUTDOWN_SECONDS = 30.0  # seconds for a process to end
KEEP_GPUS = "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"  # at 0, jobs see the GPUs although they reserve none


@dataclass
class _Failures:
    """Earlier attempts at a job. crashed: the nodes on which its process crashed."""

    count: int = 0
    crashed: list[str] = field(default_factory=list)


@dataclass
class _Attempt:
    """A job that Ray has. host, node: where it runs, once it has started. cancelled: when, for want of progress."""

    job: Job
    draft: Path
    ref: Any
    failures: _Failures
    host: str = ""
    node: str = ""
    last_report: float = 0.0
    cancelled: float | None = None


def run_ray(
    jobs: Iterator[Job], count: int | None = None, stall: float = STALL_SECONDS, runner: JobRunner | None = None
) -> Iterator[Event]:
    """Run the jobs on the cluster that we are connected to (`ray_cluster`), and yield their events.

    count: of jobs at once, which share all CPUs; None for one on each CPU. stall: seconds without a sign of life after
    which a job has failed. A job whose node dies is run again elsewhere; one whose process crashes, once.
    Leaving the iteration early ends all jobs. runner: what runs a job; None for `annotate_video.run_job`.

    Raises InputError for a node that has no keeptrack or another one, for results that cannot be written, and for a
    cluster that had no CPU for `stall` seconds.
    """
    scheduler = _Scheduler(count, stall, runner)
    try:
        for job in jobs:
            while scheduler.is_full():
                yield from scheduler.events()
            scheduler.submit(job)
        while scheduler.attempts:
            yield from scheduler.events()
    except SystemError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, Exception):
            raise
        raise cause from None  # Ctrl-C, which Ray does not always pass on as it came
    finally:
        scheduler.close()


class _Scheduler:
    """Submits jobs to Ray, follows their attempts, and retries. Attempts have keys that are never used twice."""

    def __init__(self, count: int | None, stall: float, runner: JobRunner | None) -> None:
        self._ray = ray = import_ray()
        self._count, self._stall, self._work = count, stall, runner
        self._task = ray.remote(job_task())
        self._inbox = _actor_on_this_node(ray, inbox_actor())
        self._reports = self._inbox.take.remote()
        self._submitted = 0
        self._last_cpu = time.monotonic()  # when there was a CPU
        self.attempts: dict[str, _Attempt] = {}

    def is_full(self) -> bool:
        """Whether Ray has as many jobs as it should."""
        return len(self.attempts) >= (self._count or SUBMITTED_PER_CPU * max(1, sum(alive_nodes(self._ray).values())))

    def submit(self, job: Job, failures: _Failures | None = None) -> None:
        """Give a job to Ray. The draft is created here, so that it can be discarded even if the node is lost."""
        try:
            draft = results.create_draft(job)
        except OSError as error:
            raise InputError(job.out, f"takes no results: {error.strerror}", "make room, or choose another") from None
        cores = cores_per_job(self._count, list(alive_nodes(self._ray).values()))
        limits = {**dict.fromkeys((LIMIT, *LIBRARIES), str(cores)), KEEP_GPUS: "0"}
        options = {"num_cpus": cores, "max_retries": 0, "scheduling_strategy": "SPREAD"}  # we try again ourselves
        task = self._task.options(**options, runtime_env={"env_vars": limits})
        self._submitted += 1
        key = str(self._submitted)
        ref = task.remote(tracker.__version__, pack(job, draft, cores, self._work), self._inbox, key)
        self.attempts[key] = _Attempt(job, draft, ref, failures or _Failures())

    def events(self) -> Iterator[Event]:
        """Events since the last call, or within a second from now."""
        refs = {attempt.ref: key for key, attempt in self.attempts.items()}
        waited = [self._reports, *refs]
        if self._ray.wait(waited, timeout=1.0)[0]:
            ready = self._ray.wait(waited, num_returns=len(waited), timeout=0)[0]
            if self._reports in ready:
                yield from self._receive()
            for ref in ready:
                if ref in refs:
                    yield from self._finished(self.attempts.pop(refs[ref]))
        yield from self._cancel_stalled()
        self._check_cpus()

    def _receive(self) -> Iterator[Event]:
        try:
            reports = self._ray.get(self._reports)
        except self._ray.exceptions.RayError:
            raise InputError(
                "--engine ray", "the cluster has lost its head", "start it, and do the same again"
            ) from None
        self._reports = self._inbox.take.remote()
        for key, node, host, doing, done, total in reports:
            attempt = self.attempts.get(key)
            if attempt is None:
                continue
            attempt.last_report = time.monotonic()
            if not attempt.node:
                attempt.node, attempt.host = node, host
                yield JobStarted(attempt.job)
            if doing:
                yield JobProgress(attempt.job, _at(doing, host), done, total)

    def _finished(self, attempt: _Attempt) -> Iterator[Event]:
        """An attempt has ended, or its process or node has died."""
        try:
            answer = self._ray.get(attempt.ref)
        except self._ray.exceptions.RayError as error:
            results.discard(attempt.draft)
            answer = _published(attempt.job) or self._failure(attempt, error)
        if answer is None:
            self.submit(attempt.job, attempt.failures)
        elif isinstance(answer, Outcome):
            if not attempt.node:
                yield JobStarted(attempt.job)
            yield JobFinished(attempt.job, answer)
        else:
            raise InputError(
                f"Ray node {answer[0]}", answer[1], f"install keeptrack {tracker.__version__} on each node"
            )

    def _failure(self, attempt: _Attempt, error: Exception) -> Outcome | None:
        """The outcome of an attempt that was cut short; None to run the job again."""
        errors, living = self._ray.exceptions, alive_nodes(self._ray)
        failures = attempt.failures
        failures.count += 1
        if isinstance(error, errors.NodeDiedError) or (attempt.node and attempt.node not in living):
            return None if failures.count < ATTEMPTS else Outcome("failed", f"its node died, {failures.count} times")
        if attempt.cancelled is not None:
            return self._timed_out()
        if not isinstance(error, errors.WorkerCrashedError | errors.OutOfMemoryError):
            cause = getattr(error, "cause", None) or error
            return Outcome("failed", f"{type(cause).__name__}: {' '.join(str(cause).split())}")
        failures.crashed.append(attempt.node)
        by_itself = [
            node for node in failures.crashed if not node or node in living
        ]  # the others died with their nodes
        if len(by_itself) < CRASHES and failures.count < ATTEMPTS:
            return None
        memory = isinstance(error, errors.OutOfMemoryError)
        why = "was ended for want of memory" if memory else "crashed or ended by itself"
        return Outcome("failed", f"its process {why}, {len(failures.crashed)} times")

    def _timed_out(self) -> Outcome:
        return Outcome("failed", f"nothing happened for {self._stall:.0f} seconds", seconds=self._stall)

    def _cancel_stalled(self) -> Iterator[Event]:
        """Cancel attempts without progress. One that cannot be cancelled is abandoned, without a draft to publish."""
        now = time.monotonic()
        for key, attempt in list(self.attempts.items()):
            if attempt.cancelled is not None and now - attempt.cancelled > SHUTDOWN_SECONDS:
                del self.attempts[key]
                results.discard(attempt.draft)
                yield JobFinished(attempt.job, _published(attempt.job) or self._timed_out())
            elif attempt.cancelled is None and attempt.node and now - attempt.last_report > self._stall:
                attempt.cancelled = now
                self._ray.cancel(attempt.ref, force=True)

    def _check_cpus(self) -> None:
        now = time.monotonic()
        if any(attempt.node for attempt in self.attempts.values()) or any(alive_nodes(self._ray).values()):
            self._last_cpu = now
        elif now - self._last_cpu > self._stall:
            why = f"no node with a CPU for {self._stall:.0f} seconds"
            raise InputError("--engine ray", why, "ray start --address=HOST:PORT on a computer that shall work")

    def close(self) -> None:
        """Cancel all attempts, and make sure that none of them publishes any more."""
        if self._ray.is_initialized():  # or else `ray.wait` would start a new cluster
            with suppress(self._ray.exceptions.RayError):
                self._end_all([attempt.ref for attempt in self.attempts.values()])
        for attempt in self.attempts.values():
            results.discard(attempt.draft)

    def _end_all(self, refs: list[Any]) -> None:
        for ref in refs:
            self._ray.cancel(ref, force=True)
        if refs:
            self._ray.wait(refs, num_returns=len(refs), timeout=SHUTDOWN_SECONDS)
        self._ray.kill(self._inbox)


def _actor_on_this_node(ray: Any, kind: type) -> Any:
    """An actor on our own node, or on the one our client is connected to: it must not die before us."""
    strategies = importlib.import_module("ray.util.scheduling_strategies")
    here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(kind).remote()


def _at(doing: str, host: str) -> str:
    return doing if host == socket.gethostname() else f"{doing} on {host}"


def _published(job: Job) -> Outcome | None:
    """The outcome of a job that had published its results before its node died."""
    with suppress(InputError):
        return results.published_outcome(job.folder, job.fingerprint())
    return None
