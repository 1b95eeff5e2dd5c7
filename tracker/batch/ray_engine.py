"""Jobs on the nodes of a Ray cluster. A node that dies costs time, and no video."""

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
from tracker.batch.events import Begun, Ended, Event, Progress
from tracker.batch.job import Job, Outcome
from tracker.batch.local_engine import LIBRARIES, STALL, Work
from tracker.batch.ray_cluster import alive, cores_each, import_ray
from tracker.batch.ray_node import desk, job_task, pack

AHEAD = 2  # jobs a CPU that Ray knows of: a cluster that grows by itself must see that there is work
CRASHES = 2  # of a job's process that cannot be a node's fault
TRIES = 6  # at a job whose nodes die
GRACE = 30.0  # seconds for a process to end
KEEP_GPUS = "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"  # at 0, jobs see the GPUs although they reserve none


@dataclass
class _Past:
    """How a job has failed so far. crashed: on which nodes."""

    tries: int = 0
    crashed: list[str] = field(default_factory=list)


@dataclass
class _Attempt:
    """A job that Ray has. host, node: where it is, once it has begun. given_up: when it was stopped for its silence."""

    job: Job
    draft: Path
    ref: Any
    past: _Past
    host: str = ""
    node: str = ""
    heard: float = 0.0
    given_up: float | None = None


def run_ray(
    jobs: Iterator[Job], count: int | None = None, stall: float = STALL, work: Work | None = None
) -> Iterator[Event]:
    """Work on the jobs on the cluster that we are connected to (`ray_cluster`), and tell of each as it goes on.

    count: of jobs at once, which share all CPUs; None for one on each CPU. stall: seconds without a sign of life after
    which a job has failed. A job whose node dies begins anew elsewhere; so does one whose process crashes, once.
    Leaving the iteration early ends all jobs. work: what is done with a job; None for `unit.work`.

    Raises InputError for a node that has no keeptrack or another one, for results that cannot be written, and for a
    cluster that had no CPU for `stall` seconds.
    """
    office = _Office(count, stall, work)
    try:
        for job in jobs:
            while office.is_full():
                yield from office.events()
            office.send(job)
        while office.attempts:
            yield from office.events()
    except SystemError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, Exception):
            raise
        raise cause from None  # Ctrl-C, which Ray does not always pass on as it came
    finally:
        office.close()


class _Office:
    """All jobs that Ray has, by a key that it never uses twice."""

    def __init__(self, count: int | None, stall: float, work: Work | None) -> None:
        self._ray = ray = import_ray()
        self._count, self._stall, self._work = count, stall, work
        self._task = ray.remote(job_task())
        self._desk = _near(ray, desk())
        self._hearing = self._desk.take.remote()
        self._sent = 0
        self._able = time.monotonic()  # when there was a CPU
        self.attempts: dict[str, _Attempt] = {}

    def is_full(self) -> bool:
        """Whether Ray has as many jobs as it should."""
        return len(self.attempts) >= (self._count or AHEAD * max(1, sum(alive(self._ray).values())))

    def send(self, job: Job, past: _Past | None = None) -> None:
        """Give a job to Ray. The draft is made here, so that it can be taken away whatever becomes of the node."""
        try:
            draft = results.begin(job)
        except OSError as error:
            raise InputError(job.out, f"takes no results: {error.strerror}", "make room, or choose another") from None
        cores = cores_each(self._count, list(alive(self._ray).values()))
        limits = {**dict.fromkeys((LIMIT, *LIBRARIES), str(cores)), KEEP_GPUS: "0"}
        options = {"num_cpus": cores, "max_retries": 0, "scheduling_strategy": "SPREAD"}  # we try again ourselves
        task = self._task.options(**options, runtime_env={"env_vars": limits})
        self._sent += 1
        key = str(self._sent)
        ref = task.remote(tracker.__version__, pack(job, draft, cores, self._work), self._desk, key)
        self.attempts[key] = _Attempt(job, draft, ref, past or _Past())

    def events(self) -> Iterator[Event]:
        """What has happened since, or happens within a second."""
        refs = {attempt.ref: key for key, attempt in self.attempts.items()}
        waited = [self._hearing, *refs]
        if self._ray.wait(waited, timeout=1.0)[0]:
            ready = self._ray.wait(waited, num_returns=len(waited), timeout=0)[0]
            if self._hearing in ready:
                yield from self._hear()
            for ref in ready:
                if ref in refs:
                    yield from self._over(self.attempts.pop(refs[ref]))
        yield from self._stalled()
        self._check_cpus()

    def _hear(self) -> Iterator[Event]:
        try:
            words = self._ray.get(self._hearing)
        except self._ray.exceptions.RayError:
            raise InputError(
                "--engine ray", "the cluster has lost its head", "start it, and do the same again"
            ) from None
        self._hearing = self._desk.take.remote()
        for key, node, host, doing, done, total in words:
            attempt = self.attempts.get(key)
            if attempt is None:
                continue
            attempt.heard = time.monotonic()
            if not attempt.node:
                attempt.node, attempt.host = node, host
                yield Begun(attempt.job)
            if doing:
                yield Progress(attempt.job, _at(doing, host), done, total)

    def _over(self, attempt: _Attempt) -> Iterator[Event]:
        """An attempt has come to its end, or else its node has."""
        try:
            answer = self._ray.get(attempt.ref)
        except self._ray.exceptions.RayError as error:
            results.discard(attempt.draft)
            answer = _published(attempt.job) or self._why(attempt, error)
        if answer is None:
            self.send(attempt.job, attempt.past)
        elif isinstance(answer, Outcome):
            if not attempt.node:
                yield Begun(attempt.job)
            yield Ended(attempt.job, answer)
        else:
            raise InputError(
                f"Ray node {answer[0]}", answer[1], f"install keeptrack {tracker.__version__} on each node"
            )

    def _why(self, attempt: _Attempt, error: Exception) -> Outcome | None:
        """What to say of an attempt that did not end well; None to begin anew."""
        errors, living = self._ray.exceptions, alive(self._ray)
        past = attempt.past
        past.tries += 1
        if isinstance(error, errors.NodeDiedError) or (attempt.node and attempt.node not in living):
            return None if past.tries < TRIES else Outcome("failed", f"its node died, {past.tries} times")
        if attempt.given_up is not None:
            return self._silent()
        if not isinstance(error, errors.WorkerCrashedError | errors.OutOfMemoryError):
            cause = getattr(error, "cause", None) or error
            return Outcome("failed", f"{type(cause).__name__}: {' '.join(str(cause).split())}")
        past.crashed.append(attempt.node)
        by_itself = [node for node in past.crashed if not node or node in living]  # the others died with their node
        if len(by_itself) < CRASHES and past.tries < TRIES:
            return None
        memory = isinstance(error, errors.OutOfMemoryError)
        why = "was ended for want of memory" if memory else "crashed or ended by itself"
        return Outcome("failed", f"its process {why}, {len(past.crashed)} times")

    def _silent(self) -> Outcome:
        return Outcome("failed", f"nothing happened for {self._stall:.0f} seconds", seconds=self._stall)

    def _stalled(self) -> Iterator[Event]:
        """Stop who has not been heard of; who cannot even be stopped is left alone, without a draft to publish."""
        now = time.monotonic()
        for key, attempt in list(self.attempts.items()):
            if attempt.given_up is not None and now - attempt.given_up > GRACE:
                del self.attempts[key]
                results.discard(attempt.draft)
                yield Ended(attempt.job, _published(attempt.job) or self._silent())
            elif attempt.given_up is None and attempt.node and now - attempt.heard > self._stall:
                attempt.given_up = now
                self._ray.cancel(attempt.ref, force=True)

    def _check_cpus(self) -> None:
        now = time.monotonic()
        if any(attempt.node for attempt in self.attempts.values()) or any(alive(self._ray).values()):
            self._able = now
        elif now - self._able > self._stall:
            why = f"no node with a CPU for {self._stall:.0f} seconds"
            raise InputError("--engine ray", why, "ray start --address=HOST:PORT on a computer that shall work")

    def close(self) -> None:
        """End all that goes on, and see that nothing of it is published any more."""
        if self._ray.is_initialized():  # or else all has ended, and Ray would begin anew to be asked
            with suppress(self._ray.exceptions.RayError):
                self._end_all([attempt.ref for attempt in self.attempts.values()])
        for attempt in self.attempts.values():
            results.discard(attempt.draft)

    def _end_all(self, refs: list[Any]) -> None:
        for ref in refs:
            self._ray.cancel(ref, force=True)
        if refs:
            self._ray.wait(refs, num_returns=len(refs), timeout=GRACE)
        self._ray.kill(self._desk)


def _near(ray: Any, kind: type) -> Any:
    """An actor on our own node, or on that which speaks for us: without it there would be nobody to report to."""
    strategies = importlib.import_module("ray.util.scheduling_strategies")
    here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(kind).remote()


def _at(doing: str, host: str) -> str:
    return doing if host == socket.gethostname() else f"{doing} on {host}"


def _published(job: Job) -> Outcome | None:
    """What a job has left that had done its work when its node died."""
    with suppress(InputError):
        return results.finished(job.folder, job.fingerprint())
    return None
