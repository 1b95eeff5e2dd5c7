"""Which videos are done in pieces: those that are longer than a piece shall be, and that can be read from anywhere."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.batch.events import Ended
from tracker.batch.job import Job, Outcome
from tracker.batch.local_engine import run_local
from tracker.offline.pieces import Piece, plan_pieces

SHORTEST = 60.0  # seconds of a piece: with shorter ones, a good part of the video would be looked at twice
PROCESSES = 4  # that look how long videos are
PATIENCE = 60.0  # seconds for that

Tell = Callable[[str, int, int | None], None]


def split(jobs: Sequence[Job], seconds: float) -> Iterator[Job]:
    """The same jobs, those of long videos with `pieces`, each of `seconds` at most beside what it shares with others.

    The videos are opened for that, in processes of their own: one that makes a library crash stays whole, as do those
    whose length nobody knows, that cannot be sought in, or that are pictures in a folder.
    """
    files = [job for job in jobs if os.path.isfile(job.source)]
    lengths = {}
    if files:
        count = min(PROCESSES, available_cores(), len(files))
        events = run_local(iter(files), count, PATIENCE, functools.partial(measure, seconds=seconds))
        lengths = {event.job.source: event.outcome.length for event in events if isinstance(event, Ended)}
    for job in jobs:
        yield replace(job, pieces=divide(job, lengths.get(job.source), seconds))


def divide(job: Job, length: float | None, seconds: float) -> tuple[Piece, ...]:
    """The pieces of a video that is `length` seconds long; none where it stays whole."""
    options = job.run_options(None)
    if length is None or options.max_frames is not None:
        return ()
    end = length if options.end is None else min(options.end, length)
    count = max(1, math.ceil((end - options.start) / seconds))
    pieces = plan_pieces(end, count=count, start=options.start)
    return tuple(pieces) if len(pieces) > 1 else ()


def measure(job: Job, tell: Tell, seconds: float) -> Outcome:
    """How long a video is, if it is to be done in pieces and can be read from where the second one begins."""
    from tracker.sources.video import announced_duration, can_seek  # which only the processes of `split` need

    try:
        length = announced_duration(Path(job.source))
        pieces = divide(job, length, seconds)
        return Outcome("done", length=length if pieces and can_seek(Path(job.source), pieces[1].start) else None)
    except InputError:  # what is wrong with it is told when it is done
        return Outcome("failed")
