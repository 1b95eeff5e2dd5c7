"""What runs on the nodes of a Ray cluster: the task that runs a job, and the inbox actor for reports of progress.

`job_task` and `inbox_actor` return what Ray sends by value, not as a name in this module. So a node without keeptrack
can run the task too, and report that keeptrack is missing.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracker.batch import results
from tracker.batch.job import Job, OnProgress, Outcome
from tracker.batch.local_engine import JobRunner, default_runner

PROGRESS_INTERVAL = 0.5  # seconds between two reports of progress


def job_task() -> Callable[..., Any]:
    """The task ``(version, packed, inbox, key)``: the outcome of a job, or a pair of host and why it cannot run there.

    version: of keeptrack. packed: see `run_packed_job`. inbox: gets reports (key, node, host, what is done,
    frames, frames in all); the first, with no word for what is done, before anything else happens.
    """

    def task(version: str, packed: bytes, inbox: Any, key: str) -> Any:
        import socket

        host = socket.gethostname()
        try:
            import tracker
        except ImportError:
            return host, "keeptrack is not installed there"
        if tracker.__version__ != version:
            return host, f"has keeptrack {tracker.__version__}, and this is {version}"
        from tracker.batch.ray_cluster import import_ray
        from tracker.batch.ray_node import run_packed_job

        ray = import_ray()
        sender = key, ray.get_runtime_context().get_node_id(), host
        ray.get(inbox.put.remote((*sender, "", 0, None)))
        return run_packed_job(packed, lambda *progress: inbox.put.remote((*sender, *progress)), host)

    return task


def inbox_actor() -> type:
    """The class of an actor that keeps reports of jobs until they are taken."""

    class Inbox:
        def __init__(self) -> None:
            import asyncio

            self.reports: list[Any] = []
            self.filled = asyncio.Event()

        async def put(self, report: Any) -> None:
            self.reports.append(report)
            self.filled.set()

        async def take(self) -> list[Any]:
            """All reports since the last call, as soon as there is one."""
            await self.filled.wait()
            self.filled.clear()
            reports, self.reports = self.reports, []
            return reports

    return Inbox


def pack(job: Job, draft: Path, cores: int, runner: JobRunner | None) -> bytes:
    """A job for `run_packed_job`. draft: of `results.create_draft`. runner: None for `annotate_video.run_job`."""
    return pickle.dumps((job, draft, cores, runner))


def run_packed_job(packed: bytes, on_progress: OnProgress, host: str) -> Outcome:
    """Run the job that was packed. on_progress: is called a few times a second."""
    job, draft, cores, runner = pickle.loads(packed)
    if missing := _invisible_path(job, draft):
        why = f"{missing} cannot be seen from node {host} (videos and results must be at the same path on each node)"
        return Outcome("failed", why)
    import cv2

    cv2.setNumThreads(cores)
    last = time.monotonic()

    def throttled(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_INTERVAL:
            last = time.monotonic()
            on_progress(doing, done, total)

    outcome: Outcome = (default_runner(draft) if runner is None else runner)(job, throttled)
    return outcome


def _invisible_path(job: Job, draft: Path) -> str:
    """The path, of the video or of the results, that this computer cannot see since it shares no files with ours."""
    if "://" not in job.source and not os.path.exists(job.source):
        return job.source
    return "" if results.draft_exists(draft) else job.out
