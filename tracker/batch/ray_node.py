"""What runs on the nodes of a Ray cluster: a job, and the desk where all jobs report.

What `job_task` and `desk` return is sent as it stands, and not as a name in this module, so that also a node where
keeptrack is not installed understands it, and can say so.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracker.batch import results
from tracker.batch.job import Job, Outcome
from tracker.batch.local_engine import Work, unit_of_work

BEAT = 0.5  # seconds between two words about progress


def job_task() -> Callable[..., Any]:
    """``(version, packed, desk, key)``: the outcome of the job, or a pair of host and why it cannot work for us.

    version: of keeptrack. packed: see `do_job`. desk: is told (key, node, host, what is done, frames, frames in
    all); of the beginning, with no word for what is done, before anything else happens.
    """

    def task(version: str, packed: bytes, desk: Any, key: str) -> Any:
        import socket

        host = socket.gethostname()
        try:
            import tracker
        except ImportError:
            return host, "keeptrack is not installed there"
        if tracker.__version__ != version:
            return host, f"has keeptrack {tracker.__version__}, and this is {version}"
        from tracker.batch.ray_cluster import import_ray
        from tracker.batch.ray_node import do_job

        ray = import_ray()
        sender = key, ray.get_runtime_context().get_node_id(), host
        ray.get(desk.tell.remote((*sender, "", 0, None)))
        return do_job(packed, lambda *word: desk.tell.remote((*sender, *word)), host)

    return task


def desk() -> type:
    """Keeps what jobs tell until somebody takes it."""

    class Desk:
        def __init__(self) -> None:
            import asyncio

            self.words: list[Any] = []
            self.some = asyncio.Event()

        async def tell(self, word: Any) -> None:
            self.words.append(word)
            self.some.set()

        async def take(self) -> list[Any]:
            """All words since the last time, as soon as there is one."""
            await self.some.wait()
            self.some.clear()
            words, self.words = self.words, []
            return words

    return Desk


def pack(job: Job, draft: Path, cores: int, work: Work | None) -> bytes:
    """A job for `do_job`. draft: of `results.begin`. work: what is done, None for `unit.work`."""
    return pickle.dumps((job, draft, cores, work))


def do_job(packed: bytes, tell: Callable[[str, int, int | None], None], host: str) -> Outcome:
    """Do what was packed. tell: is called a few times a second."""
    job, draft, cores, work = pickle.loads(packed)
    if missing := _unseen(job, draft):
        why = f"{missing} cannot be seen from node {host} (videos and results must be at the same path on each node)"
        return Outcome("failed", why)
    import cv2

    cv2.setNumThreads(cores)
    last = time.monotonic()

    def tell_seldom(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= BEAT:
            last = time.monotonic()
            tell(doing, done, total)

    outcome: Outcome = (unit_of_work(draft) if work is None else work)(job, tell_seldom)
    return outcome


def _unseen(job: Job, draft: Path) -> str:
    """What this computer does not see: the video, or the draft, which a computer that shares no files lacks."""
    if "://" not in job.source and not os.path.exists(job.source):
        return job.source
    return "" if results.is_begun(draft) else job.out
