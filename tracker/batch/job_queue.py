"""The jobs of a batch that are due, in order: whole videos, pieces of long ones, and jobs that stitch the pieces."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from detectors.errors import InputError
from tracker.batch import piece_files
from tracker.batch.job import Job


class JobQueue:
    """Jobs to be taken by an engine. Videos that have failed are not given out any more."""

    def __init__(self) -> None:
        self._due: deque[Job] = deque()
        self._pieces_left: dict[str, set[int]] = {}  # by source, the numbers of the pieces that are not done
        self._failed: set[str] = set()  # sources

    def __bool__(self) -> bool:
        return bool(self._due)

    def add(self, jobs: Sequence[Job]) -> None:
        """Add jobs, the largest first, so that none is left alone at the end."""
        self._due.extend(step for job in sorted(jobs, key=lambda job: -_size(job)) for step in self._steps(job))

    def take(self) -> Iterator[Job]:
        """Jobs until there are no more."""
        while self._due:
            job = self._due.popleft()
            if not self.has_failed(job):
                yield job

    def piece_done(self, job: Job) -> None:
        """Note that a piece is done. After the last one, the job that stitches the pieces is due next."""
        assert job.piece is not None
        self._pieces_left[job.source].discard(job.piece)
        if not self._pieces_left[job.source]:
            self._due.appendleft(replace(job, piece=None))

    def fail(self, job: Job) -> None:
        """Note that a video has failed, in one of its pieces or as a whole."""
        self._failed.add(job.source)

    def has_failed(self, job: Job) -> bool:
        """Whether the job's video has failed, perhaps in another piece."""
        return job.source in self._failed

    def _steps(self, job: Job) -> list[Job]:
        """A job, or those of its pieces that are not done. Files of other pieces are removed."""
        if not job.pieces:
            return [job]
        try:
            left = piece_files.missing_pieces(job)
        except InputError:  # the video has gone meanwhile: the job itself reports that
            return [replace(job, pieces=())]
        self._pieces_left[job.source] = set(left)
        return [replace(job, piece=number) for number in left] or [job]


def _size(job: Job) -> float:
    """Bytes, of each piece where there are several."""
    try:
        return os.stat(job.source).st_size / max(1, len(job.pieces))
    except OSError:
        return 0.0
