"""First passes over pieces of long videos: a file each, until the results of the whole video are published."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tracker.batch.job import Job
from tracker.batch.own_places import PIECES


def path_of(job: Job, number: int) -> Path:
    """The file of a piece. Its name holds the piece's fingerprint: if it exists, the piece is done.

    Raises InputError for a source that is not there.
    """
    return _folder(job) / f"{number + 1:04}-{replace(job, piece=number).piece_fingerprint()[:16]}.npz"


def missing_pieces(job: Job) -> list[int]:
    """The numbers of the pieces that are still to be done. Removes all other files of this video.

    Those are of other pieces, of other options, of an earlier state of the video, or incomplete.
    """
    places = [path_of(job, piece.number) for piece in job.pieces]
    folder = _folder(job)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path not in places:
            with suppress(OSError):  # what cannot be removed does no harm: its name is never used
                path.unlink()
    return [number for number, path in enumerate(places) if not path.exists()]


def remove(job: Job) -> None:
    """Remove all files of a video."""
    shutil.rmtree(_folder(job), ignore_errors=True)
    with suppress(OSError):  # it holds other videos' files, or does not exist
        os.rmdir(_folder(job).parent)


def _folder(job: Job) -> Path:
    return Path(job.out) / PIECES / job.name
