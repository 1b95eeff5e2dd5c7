"""A long video in pieces: the first pass over each, and the stitched first pass over the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.errors import InputError
from tracker.batch import piece_files
from tracker.batch.job import Job, OnProgress, Outcome
from tracker.offline.archive import load, save
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece
from tracker.offline.stitch import stitch
from tracker.run.options import Options
from tracker.run.reading import NoFramesError
from tracker.run.run import Run

AGAIN = "give the same command again"


def piece_options(piece: Piece, options: Options) -> Options:
    """The options of a run over this piece alone; the last piece ends where `options` end."""
    return replace(options, offline=True, start=piece.start, end=options.end if piece.end is None else piece.end)


def track_piece(job: Job, on_progress: OnProgress) -> Outcome:
    """Track the job's piece, and write its first pass to a file, atomically."""
    assert job.piece is not None
    piece, path = job.pieces[job.piece], piece_files.path_of(job, job.piece)
    with Run(job.source, piece_options(piece, job.run_options(None)), pictures=False) as run:
        try:
            for _ in run.record(midway=piece.number > 0):
                on_progress("tracking", run.state.frames, run.expected_frames)
        except NoFramesError:  # a file may announce more than it holds; one that holds nothing fails in the end
            pass
    assert run.first_pass is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    save(run.first_pass, path)
    return Outcome("done", frames=len(run.first_pass.indices))


def stitch_pieces(job: Job) -> FirstPass:
    """The first pass over the whole video.

    Raises InputError where a piece is missing or damaged, or none has frames. A damaged file is removed, so that its
    piece is tracked again the next time.
    """
    parts = []
    for piece in job.pieces:
        path = piece_files.path_of(job, piece.number)
        try:
            parts.append(load(path))
        except InputError as error:
            path.unlink(missing_ok=True)
            raise InputError(f"piece {piece.number + 1} of {len(job.pieces)}", error.why, AGAIN) from None
    whole = stitch(parts, job.pieces)
    if not np.any(whole.indices):
        raise NoFramesError(job.source, "has no frames in that part", "check --start and --end")
    return whole
