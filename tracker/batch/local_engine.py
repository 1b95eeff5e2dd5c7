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
from tracker.batch.events import Begun, Ended, Event, Progress
from tracker.batch.job import Job, Outcome

STALL = 180.0  # seconds without a frame after which a video is given up
GRACE = 10.0  # seconds for a process to end by itself
BEAT = 0.1  # seconds between two words about progress
Work = Callable[[Job, Callable[[str, int, int | None], None]], Outcome]
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Worker:
    """A process and the job it is at."""

    def __init__(self, context: multiprocessing.context.SpawnContext, cores: int, work: Work | None) -> None:
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs, cores, work), daemon=True)
        with _environment(cores):
            self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.heard = time.monotonic()

    def give(self, job: Job) -> None:
        self.job, self.heard = job, time.monotonic()
        self.pipe.send(job)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(GRACE)
        self.pipe.close()


def run_local(jobs: Iterator[Job], count: int, stall: float = STALL, work: Work | None = None) -> Iterator[Event]:
    """Work on the jobs, `count` at once, and tell of each as it goes on. The cores are shared out among them.

    stall: seconds without a sign of life after which a job's process is ended and the job has failed. Leaving the
    iteration early ends all processes. work: what is done with a job; None for `unit.work`.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads of libraries hold
    share = max(1, available_cores() // count)
    workers: list[_Worker] = []
    try:
        for job in jobs:
            if len(workers) == count and all(worker.job for worker in workers):
                yield from _until_free(workers, stall)
            idle = next((worker for worker in workers if worker.job is None), None)
            if idle is None:
                idle = _Worker(context, share, work)
                workers.append(idle)
            yield Begun(job)
            idle.give(job)
        while any(worker.job for worker in workers):
            yield from _until_free(workers, stall)
    finally:
        for worker in workers:
            worker.kill()


def _until_free(workers: list[_Worker], stall: float) -> Iterator[Event]:
    """Events until a worker has nothing to do, or is no more."""
    while True:
        busy = {worker.pipe: worker for worker in workers if worker.job is not None}
        ready = wait(list(busy), timeout=1.0)
        free = False
        for pipe in ready:
            worker = busy[pipe]  # type: ignore[index]  # only connections were asked for
            event = _hear(worker)
            if isinstance(event, Ended):
                free = True
                if not worker.process.is_alive():
                    workers.remove(worker)
            yield event
        for worker in [each for each in busy.values() if each.job and time.monotonic() - each.heard > stall]:
            job, free = worker.job, True
            assert job is not None
            worker.kill()
            workers.remove(worker)
            yield Ended(job, Outcome("failed", f"nothing happened for {stall:.0f} seconds", seconds=stall))
        if free:
            return


def _hear(worker: _Worker) -> Event:
    """The next word of a worker, or its end."""
    job = worker.job
    assert job is not None
    worker.heard = time.monotonic()
    try:
        word: Any = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(GRACE)
        worker.kill()
        worker.job = None
        return Ended(job, Outcome("failed", _why_dead(worker.process.exitcode)))
    if isinstance(word, Outcome):
        worker.job = None
        return Ended(job, word)
    return Progress(job, *word)


def _why_dead(code: int | None) -> str:
    if code is None or code >= 0:
        return f"its process ended by itself, with status {code}"
    name = signal.Signals(-code).name
    why = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"a library crashed on it: {name}{why}"


def _serve(pipe: Connection, cores: int, work: Work | None) -> None:
    """What a worker does: job after job, until there is nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever has started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(cores)
    do = unit_of_work() if work is None else work
    last = 0.0

    def tell(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= BEAT:
            last = time.monotonic()
            pipe.send((doing, done, total))

    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            pipe.send(do(pipe.recv(), tell))


def unit_of_work(draft: Path | None = None) -> Work:
    """What is done with a job. draft: see there."""
    from tracker.batch.annotate_video import work  # with all libraries, which nobody but a worker needs

    return functools.partial(work, draft=draft)


def _end_with_parent() -> None:
    """Without a parent nobody would take the results, and a batch that is started again would find us at them."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _environment(cores: int) -> Iterator[None]:
    """What a process that starts now inherits: how many threads it and its libraries may use."""
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
