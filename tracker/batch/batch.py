"""A batch, from its list of videos to their results: what is done is skipped, what changed is done again."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors.errors import InputError
from tracker.batch import piece_files, results
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.job import Job, Outcome, with_absolute_paths
from tracker.batch.job_queue import JobQueue
from tracker.batch.listing import ListedVideo
from tracker.batch.manifest import Manifest, VideoStatus, key_of
from tracker.batch.naming import name_folders
from tracker.batch.own_places import LOCK
from tracker.batch.splitting import split_jobs

Engine = Callable[[Iterator[Job]], Iterator[Event]]


@dataclass(frozen=True)
class AnnotateOptions:
    """What is to be made of every video: see `Job`. run_options: those that a video does not set itself. split: seconds
    from which a video is done in pieces, None for never; existing results stay valid whatever it is.
    """

    run_options: Mapping[str, Any]
    formats: tuple[str, ...]
    keyframes: str
    video: bool
    crops: bool
    split: float | None = None


class Batch:
    """A folder of results and the videos that belong into it. Use it as a context manager, and `run` once.

    skipped: how many were done before. statuses: all videos of this run, by name. Raises InputError for a folder that
    is not a batch's, that another process is at, or that takes no more.
    """

    def __init__(self, videos: Sequence[ListedVideo], options: AnnotateOptions, out: Path) -> None:
        self._videos, self._options, self._out = videos, options, out
        self._exit = ExitStack()
        self._queue = JobQueue()
        self._started: set[tuple[str, int | None]] = set()  # sources and numbers of pieces
        self._running: set[str] = set()  # sources
        self._seconds = defaultdict[str, float](float)  # spent, by source
        self.skipped = 0

    def __enter__(self) -> Batch:
        with ExitStack() as opening:
            try:
                self._out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                remedy = "choose another folder"
                raise InputError(self._out, f"cannot be made: {error.strerror}", remedy) from None
            self._manifest = opening.enter_context(Manifest(self._out))
            _lock(self._out / LOCK, opening)
            results.clean_up(self._out)
            names = self._folders()
            self._manifest.add(names)
            self._jobs = [self._job(video, names[video.source]) for video in self._videos]
            self._exit = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._exit:
            for source in self._running:  # their workers have ended
                self._manifest.mark_waiting(source)
            results.clean_up(self._out)

    def _folders(self) -> dict[str, str]:
        """The name of each video's folder, by its source."""
        known = self._manifest.names()
        sources = [video.source for video in self._videos]
        before = {source: known[key_of(source)] for source in sources if key_of(source) in known}
        return name_folders(sources, known | before)

    def _job(self, video: ListedVideo, name: str) -> Job:
        batch = self._options
        options = with_absolute_paths({**batch.run_options, **video.options})
        flags = batch.formats, batch.keyframes, batch.video, batch.crops
        return Job(video.source, name, options, *flags, out=os.path.abspath(self._out))

    def run(self, engine: Engine) -> Iterator[Event]:
        """Do all jobs that are due, and yield the engine's events.

        Raises InputError when the disk is full: what is done is kept then, and the rest waits.
        """
        self._queue.add(self._due_jobs())
        while self._queue:  # once, and again for videos of which the last piece was done late
            for event in engine(self._queue.take()):
                if isinstance(event, JobStarted):
                    self._on_started(event.job)
                yield self._on_finished(event) if isinstance(event, JobFinished) else event

    def _on_started(self, job: Job) -> None:
        """Count an attempt: for the first piece of a video, and for a job that is repeated because its node died."""
        again, source = (job.source, job.piece) in self._started, job.source
        self._started.add((source, job.piece))
        if not self._queue.has_failed(job) and (again or source not in self._running):
            self._running.add(source)
            self._manifest.mark_running(source)

    def _on_finished(self, event: JobFinished) -> JobFinished:
        """Record the outcome; returns the event, with the figures of the whole video where it is complete."""
        job, outcome = event.job, event.outcome
        if outcome.full:
            remedy = "free some space and give the same command again; what is done is kept"
            raise InputError(self._out, "no space is left", remedy)
        self._seconds[job.source] += outcome.seconds
        if job.piece is not None and outcome.state != "failed":
            self._queue.piece_done(job)
            return event
        outcome = replace(outcome, seconds=self._seconds[job.source])
        if job.piece is not None:
            outcome = replace(outcome, reason=f"in piece {job.piece + 1} of {len(job.pieces)}: {outcome.reason}")
        if not self._queue.has_failed(job):
            self._record(job, outcome)
        return replace(event, outcome=outcome)

    def _record(self, job: Job, outcome: Outcome) -> None:
        """A video is done, or has failed."""
        failed = outcome.state == "failed"
        if failed:
            self._queue.fail(job)
        fingerprint = None if failed else _fingerprint(job)
        self._manifest.mark_finished(job.source, fingerprint or "", outcome)
        self._running.discard(job.source)

    def _due_jobs(self) -> list[Job]:
        """The jobs whose results are missing or outdated, those of long videos with their pieces."""
        due = self._not_done()
        return due if self._options.split is None else list(split_jobs(due, self._options.split))

    def _not_done(self) -> list[Job]:
        known = {status.source: status for status in self._manifest.statuses()}
        due = []
        for video, job in zip(self._videos, self._jobs, strict=True):
            if video.missing:
                self._manifest.mark_finished(job.source, "", Outcome("failed", video.missing))
            elif self._is_done(job, known[key_of(job.source)]):
                piece_files.remove(job)
                self.skipped += 1
            else:
                due.append(job)
        return due

    def _is_done(self, job: Job, status: VideoStatus) -> bool:
        """Whether its results are there, made of just this. Their maker may have died before it was recorded."""
        fingerprint = _fingerprint(job)
        outcome = results.published_outcome(job.folder, fingerprint) if fingerprint else None
        if outcome is None or fingerprint is None:
            return False
        if status.state != "done" or status.fingerprint != fingerprint:
            self._manifest.mark_finished(job.source, fingerprint, replace(outcome, seconds=status.seconds))
        return True

    @property
    def statuses(self) -> list[VideoStatus]:
        """What has become of each video, by name."""
        sources = {key_of(job.source) for job in self._jobs}
        return [status for status in self._manifest.statuses() if status.source in sources]


def _fingerprint(job: Job) -> str | None:
    try:
        return job.fingerprint()
    except InputError:
        return None


def _lock(path: Path, opening: ExitStack) -> None:
    """Keep others out as long as this process lives. Raises InputError if one is in already."""
    try:
        import fcntl
    except ImportError:  # Windows, where two batches in one folder are not noticed
        return
    file = opening.enter_context(path.open("a"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        remedy = "wait for it, or choose another folder"
        raise InputError(path.parent, "another batch is at work in it", remedy) from None
