"""Jobs side by side on this computer, each in a process that may crash or hang without harm to the others."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from detectors.cores import LIMIT, available_cores
from tracker.batch.events import Event, JobFinished, JobProgress, JobStarted
from tracker.batch.job import Job, OnProgress, Outcome

STALL_SECONDS = 180.0  # seconds without a frame after which a video is given up
SHUTDOWN_SECONDS = 10.0  # seconds for a process to end by itself
PROGRESS_INTERVAL = 0.1  # seconds between two reports of progress
JobRunner = Callable[[Job, OnProgress], Outcome]
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Worker:
    """A process and the job that it runs, None while it is idle."""

    def __init__(self, context: multiprocessing.context.SpawnContext, cores: int, runner: JobRunner | None) -> None:
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs, cores, runner), daemon=True)
        with _environment(cores):
            self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.last_message = time.monotonic()

    def start(self, job: Job) -> None:
        self.job, self.last_message = job, time.monotonic()
        self.pipe.send(job)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(SHUTDOWN_SECONDS)
        self.pipe.close()


def run_local(
    jobs: Iterator[Job], count: int, stall: float = STALL_SECONDS, runner: JobRunner | None = None
) -> Iterator[Event]:
    """Run the jobs, `count` at once, and yield their events. The cores are divided among them.

    stall: seconds without a sign of life after which a job's process is ended and the job has failed. Leaving the
    iteration early ends all processes. runner: what runs a job; None for `annotate_video.run_job`.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads of libraries hold
    share = max(1, available_cores() // count)
    workers: list[_Worker] = []
    try:
        for job in jobs:
            if len(workers) == count and all(worker.job for worker in workers):
                yield from _wait_for_idle(workers, stall)
            idle = next((worker for worker in workers if worker.job is None), None)
            if idle is None:
                idle = _Worker(context, share, runner)
                workers.append(idle)
            yield JobStarted(job)
            idle.start(job)
        while any(worker.job for worker in workers):
            yield from _wait_for_idle(workers, stall)
    finally:
        for worker in workers:
            worker.kill()


def _wait_for_idle(workers: list[_Worker], stall: float) -> Iterator[Event]:
    """Events until a worker is idle, or has died."""
    while True:
        busy = {worker.pipe: worker for worker in workers if worker.job is not None}
        ready = wait(list(busy), timeout=1.0)
        free = False
        for pipe in ready:
            worker = busy[pipe]  # type: ignore[index]  # only connections were asked for
            event = _receive(worker)
            if isinstance(event, JobFinished):
                free = True
                if not worker.process.is_alive():
                    workers.remove(worker)
            yield event
        for worker in [each for each in busy.values() if each.job and time.monotonic() - each.last_message > stall]:
            job, free = worker.job, True
            assert job is not None
            worker.kill()
            workers.remove(worker)
            yield JobFinished(job, Outcome("failed", f"nothing happened for {stall:.0f} seconds", seconds=stall))
        if free:
            return


def _receive(worker: _Worker) -> Event:
    """The next message of a worker, or its end."""
    job = worker.job
    assert job is not None
    worker.last_message = time.monotonic()
    try:
        message: Any = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(SHUTDOWN_SECONDS)
        worker.kill()
        worker.job = None
        return JobFinished(job, Outcome("failed", _death_reason(worker.process.exitcode)))
    if isinstance(message, Outcome):
        worker.job = None
        return JobFinished(job, message)
    return JobProgress(job, *message)


def _death_reason(code: int | None) -> str:
    if code is None or code >= 0:
        return f"its process ended by itself, with status {code}"
    name = signal.Signals(-code).name
    why = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"a library crashed on it: {name}{why}"


def _serve(pipe: Connection, cores: int, runner: JobRunner | None) -> None:
    """The main loop of a worker process: job after job, until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(cores)
    run = default_runner() if runner is None else runner
    last = 0.0

    def on_progress(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_INTERVAL:
            last = time.monotonic()
            pipe.send((doing, done, total))

    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            pipe.send(run(pipe.recv(), on_progress))


def default_runner(draft: Path | None = None) -> JobRunner:
    """`annotate_video.run_job`. draft: as there."""
    from tracker.batch.annotate_video import run_job  # with all libraries, which only workers need

    return functools.partial(run_job, draft=draft)


def _end_with_parent() -> None:
    """End with the parent process: a batch that is started again must not find old workers writing into it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _environment(cores: int) -> Iterator[None]:
    """Environment for a process that starts now: how many threads it and its libraries may use."""
    names = (LIMIT, *LIBRARIES)
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(cores)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
