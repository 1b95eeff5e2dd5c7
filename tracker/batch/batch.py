"""A batch from its list of videos to their results: what is done is skipped, what changed is done again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors.errors import InputError
from tracker.batch import results
from tracker.batch.events import Begun, Ended, Event
from tracker.batch.job import Job, Outcome
from tracker.batch.listing import Listed
from tracker.batch.manifest import Entry, Manifest
from tracker.batch.naming import name_folders

LOCK = ".lock"

Engine = Callable[[Iterator[Job]], Iterator[Event]]


@dataclass(frozen=True)
class Wanted:
    """What is to be made of every video: see `Job`. options: those that a video does not set itself."""

    options: Mapping[str, Any]
    formats: tuple[str, ...]
    keyframes: str
    video: bool
    crops: bool


class Batch:
    """A folder of results and the videos that belong into it. Use it as a context manager, and `run` once.

    skipped: how many were done before. entries: all videos of this run, by name. Raises InputError for a folder that is
    not a batch's, that another process is at, or that takes no more.
    """

    def __init__(self, videos: Sequence[Listed], wanted: Wanted, out: Path) -> None:
        self._videos, self._wanted, self._out = videos, wanted, out
        self._exit = ExitStack()
        self._running: set[str] = set()
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
            results.tidy(self._out)
            names = name_folders([video.source for video in self._videos], self._manifest.names())
            self._manifest.add(names)
            self._jobs = [self._job(video, names[video.source]) for video in self._videos]
            self._exit = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._exit:
            for source in self._running:  # whoever was at it is no more
                self._manifest.wait(source)
            results.tidy(self._out)

    def _job(self, video: Listed, name: str) -> Job:
        wanted = self._wanted
        options = {**wanted.options, **video.options}
        flags = wanted.formats, wanted.keyframes, wanted.video, wanted.crops
        return Job(video.source, name, options, *flags, out=os.path.abspath(self._out))

    def run(self, engine: Engine) -> Iterator[Event]:
        """Do what is to be done, and tell of it as it goes on.

        Raises InputError when the disk takes no more: what is done is kept then, and the rest waits.
        """
        for event in engine(self._due()):
            if isinstance(event, Begun):
                self._running.add(event.job.source)
                self._manifest.begin(event.job.source)
            elif isinstance(event, Ended):
                self._end(event)
            yield event

    def _end(self, event: Ended) -> None:
        source, outcome = event.job.source, event.outcome
        if outcome.full:
            remedy = "free some space and give the same command again; what is done is kept"
            raise InputError(self._out, "no space is left", remedy)
        done = None if outcome.state == "failed" else _fingerprint(event.job)
        self._manifest.end(source, done or "", outcome)
        self._running.discard(source)

    def _due(self) -> Iterator[Job]:
        """The jobs that are not done, the largest first, so that none is left alone at the end."""
        known = {entry.source: entry for entry in self._manifest.entries()}
        due = []
        for video, job in zip(self._videos, self._jobs, strict=True):
            if video.missing:
                self._manifest.end(job.source, "", Outcome("failed", video.missing))
            elif self._is_done(job, known[job.source]):
                self.skipped += 1
            else:
                due.append(job)
        yield from sorted(due, key=lambda job: -_size(job.source))

    def _is_done(self, job: Job, entry: Entry) -> bool:
        """Whether its results are there, made of just this; whoever made them may not have lived to tell."""
        fingerprint = _fingerprint(job)
        outcome = results.finished(job.folder, fingerprint) if fingerprint else None
        if outcome is None or fingerprint is None:
            return False
        if entry.state != "done" or entry.fingerprint != fingerprint:
            self._manifest.end(job.source, fingerprint, replace(outcome, seconds=entry.seconds))
        return True

    @property
    def entries(self) -> list[Entry]:
        """What has become of each video, by name."""
        sources = {job.source for job in self._jobs}
        return [entry for entry in self._manifest.entries() if entry.source in sources]


def _fingerprint(job: Job) -> str | None:
    try:
        return job.fingerprint()
    except InputError:
        return None


def _size(source: str) -> int:
    try:
        return os.stat(source).st_size
    except OSError:
        return 0


def _lock(path: Path, opening: ExitStack) -> None:
    """Keep others out as long as this process lives. Raises InputError if one is in already."""
    try:
        import fcntl
    except ImportError:  # Windows, where two batches in one folder are not noticed
        return
    file = opening.enter_context(path.open("w"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        remedy = "wait for it, or choose another folder"
        raise InputError(path.parent, "another batch is at work in it", remedy) from None
