"""Which videos are done in pieces: those that are longer than a piece, and in which one can seek."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.batch.events import JobFinished
from tracker.batch.job import Job, OnProgress, Outcome
from tracker.batch.local_engine import run_local
from tracker.offline.pieces import Piece, plan_pieces

SHORTEST = 60.0  # seconds of a piece: with shorter ones, a good part of the video would be tracked twice
PROCESSES = 4  # that measure how long videos are
TIMEOUT = 60.0  # seconds for that


def split_jobs(jobs: Sequence[Job], seconds: float) -> Iterator[Job]:
    """The same jobs, those of long videos with `pieces`, whose own parts are `seconds` long at most.

    The videos are opened in processes of their own. A video stays whole if it makes a library crash, if its length is
    unknown, if one cannot seek in it, or if it is a folder of pictures.
    """
    files = [job for job in jobs if os.path.isfile(job.source)]
    lengths = {}
    if files:
        count = min(PROCESSES, available_cores(), len(files))
        events = run_local(iter(files), count, TIMEOUT, functools.partial(measure_length, seconds=seconds))
        lengths = {event.job.source: event.outcome.length for event in events if isinstance(event, JobFinished)}
    for job in jobs:
        yield replace(job, pieces=pieces_of(job, lengths.get(job.source), seconds))


def pieces_of(job: Job, length: float | None, seconds: float) -> tuple[Piece, ...]:
    """The pieces of a video that is `length` seconds long; none where it stays whole."""
    options = job.run_options(None)
    if length is None or options.max_frames is not None:
        return ()
    start, end = options.span
    end = length if end is None else min(end, length)
    count = max(1, math.ceil((end - start) / seconds))
    pieces = plan_pieces(end, count=count, start=start)
    return tuple(pieces) if len(pieces) > 1 else ()


def measure_length(job: Job, on_progress: OnProgress, seconds: float) -> Outcome:
    """How long a video is, if it is to be done in pieces and one can seek to where the second one begins."""
    from tracker.sources.video import announced_duration, can_seek  # which only the processes of `split_jobs` need

    try:
        length = announced_duration(Path(job.source))
        pieces = pieces_of(job, length, seconds)
        return Outcome("done", length=length if pieces and can_seek(Path(job.source), pieces[1].start) else None)
    except InputError:  # its own job reports what is wrong
        return Outcome("failed")
