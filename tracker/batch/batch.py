"""A batch from its list of videos to their results: what is done is skipped, what changed is done again."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors.errors import InputError
from tracker.batch import piece_files, results
from tracker.batch.events import Begun, Ended, Event
from tracker.batch.job import Job, Outcome, with_whole_paths
from tracker.batch.listing import Listed
from tracker.batch.manifest import Entry, Manifest
from tracker.batch.naming import name_folders
from tracker.batch.splitting import split

LOCK = ".lock"

Engine = Callable[[Iterator[Job]], Iterator[Event]]


@dataclass(frozen=True)
class Wanted:
    """What is to be made of every video: see `Job`. options: those that a video does not set itself. split: seconds
    from which a video is done in pieces, None for none; a matter of how, so that no results are made anew for it.
    """

    options: Mapping[str, Any]
    formats: tuple[str, ...]
    keyframes: str
    video: bool
    crops: bool
    split: float | None = None


class Batch:
    """A folder of results and the videos that belong into it. Use it as a context manager, and `run` once.

    skipped: how many were done before. entries: all videos of this run, by name. Raises InputError for a folder that is
    not a batch's, that another process is at, or that takes no more.
    """

    def __init__(self, videos: Sequence[Listed], wanted: Wanted, out: Path) -> None:
        self._videos, self._wanted, self._out = videos, wanted, out
        self._exit = ExitStack()
        self._running: set[str] = set()
        self._begun: set[tuple[str, int | None]] = set()  # sources and numbers of pieces
        self._failed: set[str] = set()
        self._due: deque[Job] = deque()
        self._left: dict[str, set[int]] = {}  # by source, the pieces that are not done
        self._spent = defaultdict[str, float](float)  # by source, seconds
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
        options = with_whole_paths({**wanted.options, **video.options})
        flags = wanted.formats, wanted.keyframes, wanted.video, wanted.crops
        return Job(video.source, name, options, *flags, out=os.path.abspath(self._out))

    def run(self, engine: Engine) -> Iterator[Event]:
        """Do what is to be done, and tell of it as it goes on.

        Raises InputError when the disk takes no more: what is done is kept then, and the rest waits.
        """
        self._due.extend(self._plan())
        while self._due:  # once, and again for videos of which the last piece was done late
            for event in engine(self._take()):
                if isinstance(event, Begun):
                    self._begin(event.job)
                yield self._end(event) if isinstance(event, Ended) else event

    def _take(self) -> Iterator[Job]:
        while self._due:
            job = self._due.popleft()
            if job.source not in self._failed:
                yield job

    def _begin(self, job: Job) -> None:
        """Take note of the first piece of a video, and of what is begun anew because its node has died."""
        again, source = (job.source, job.piece) in self._begun, job.source
        self._begun.add((source, job.piece))
        if source not in self._failed and (again or source not in self._running):
            self._running.add(source)
            self._manifest.begin(source)

    def _end(self, event: Ended) -> Ended:
        """Take note, and see what comes next; the same event, where it is of a whole video as seen from outside."""
        job, outcome = event.job, event.outcome
        if outcome.full:
            remedy = "free some space and give the same command again; what is done is kept"
            raise InputError(self._out, "no space is left", remedy)
        self._spent[job.source] += outcome.seconds
        if job.piece is not None and outcome.state != "failed":
            self._left[job.source].discard(job.piece)
            if not self._left[job.source]:
                self._due.appendleft(replace(job, piece=None))
            return event
        outcome = replace(outcome, seconds=self._spent[job.source])
        if job.piece is not None:
            outcome = replace(outcome, reason=f"in piece {job.piece + 1} of {len(job.pieces)}: {outcome.reason}")
        if job.source not in self._failed:  # another piece may have failed before
            self._close(job, outcome)
        return replace(event, outcome=outcome)

    def _close(self, job: Job, outcome: Outcome) -> None:
        """A video is done, or has failed."""
        if outcome.state == "failed":
            self._failed.add(job.source)
        done = None if outcome.state == "failed" else _fingerprint(job)
        self._manifest.end(job.source, done or "", outcome)
        self._running.discard(job.source)

    def _plan(self) -> list[Job]:
        """What is to be done, the largest first, so that none is left alone at the end."""
        due = self._not_done()
        if self._wanted.split is not None:
            due = list(split(due, self._wanted.split))
        return [step for job in sorted(due, key=lambda job: -_size(job)) for step in self._steps(job)]

    def _steps(self, job: Job) -> list[Job]:
        """A job, or those of its pieces that are not done. What is there of others goes."""
        if not job.pieces:
            return [job]
        try:
            left = piece_files.missing(job)
        except InputError:  # it has gone meanwhile, which is told when somebody looks for it
            return [replace(job, pieces=())]
        self._left[job.source] = set(left)
        return [replace(job, piece=number) for number in left] or [job]

    def _not_done(self) -> list[Job]:
        known = {entry.source: entry for entry in self._manifest.entries()}
        due = []
        for video, job in zip(self._videos, self._jobs, strict=True):
            if video.missing:
                self._manifest.end(job.source, "", Outcome("failed", video.missing))
            elif self._is_done(job, known[job.source]):
                piece_files.clear(job)
                self.skipped += 1
            else:
                due.append(job)
        return due

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


def _size(job: Job) -> float:
    """Bytes, of each piece where there are several."""
    try:
        return os.stat(job.source).st_size / max(1, len(job.pieces))
    except OSError:
        return 0.0


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
