"""A long video in steps: the first pass over each piece, and the first pass over the whole that they make together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from detectors.errors import InputError
from tracker.batch import piece_files
from tracker.batch.job import Job, Outcome
from tracker.offline.archive import load, save
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece
from tracker.offline.stitch import stitch
from tracker.run.options import Options
from tracker.run.reading import NoFramesError
from tracker.run.run import Run

Tell = Callable[[str, int, int | None], None]
AGAIN = "give the same command again"


def piece_options(piece: Piece, options: Options) -> Options:
    """The options of a run over this piece alone; the last piece ends where `options` end."""
    return replace(options, offline=True, start=piece.start, end=options.end if piece.end is None else piece.end)


def look_at_piece(job: Job, tell: Tell) -> Outcome:
    """Leave the first pass over the job's piece in a file: whole or not at all."""
    assert job.piece is not None
    piece, place = job.pieces[job.piece], piece_files.place(job, job.piece)
    with Run(job.source, piece_options(piece, job.run_options(None)), pictures=False) as run:
        try:
            for _ in run.record(midway=piece.number > 0):
                tell("tracking", run.state.frames, run.expected_frames)
        except NoFramesError:  # a file may announce more than it holds; one that holds nothing fails in the end
            pass
    assert run.first_pass is not None
    place.parent.mkdir(parents=True, exist_ok=True)
    save(run.first_pass, place)
    return Outcome("done", frames=len(run.first_pass.indices))


def put_together(job: Job) -> FirstPass:
    """The first pass over the whole video.

    Raises InputError where a piece is not there, is damaged, or none has frames. What is damaged is taken away, so that
    it is made anew the next time.
    """
    parts = []
    for piece in job.pieces:
        place = piece_files.place(job, piece.number)
        try:
            parts.append(load(place))
        except InputError as error:
            place.unlink(missing_ok=True)
            raise InputError(f"piece {piece.number + 1} of {len(job.pieces)}", error.why, AGAIN) from None
    whole = stitch(parts, job.pieces)
    if not np.any(whole.indices):
        raise NoFramesError(job.source, "has no frames in that part", "check --start and --end")
    return whole
