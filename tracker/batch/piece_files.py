"""First passes over pieces of videos whose results are not complete yet: a file each, until the results are there."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tracker.batch.job import Job

PIECES = ".pieces"  # in the batch's folder; in it, a folder for each video


def place(job: Job, number: int) -> Path:
    """The file of a piece. Its name tells of what it is made: if it is there, nobody needs to do it again.

    Raises InputError for a source that is not there.
    """
    return _folder(job) / f"{number + 1:04}-{replace(job, piece=number).piece_fingerprint()[:16]}.npz"


def missing(job: Job) -> list[int]:
    """The numbers of the pieces that are still to be done, after all other files of this video have gone.

    Those are of other pieces, of other options, or of an earlier state of the video; or somebody died writing them.
    """
    places = [place(job, piece.number) for piece in job.pieces]
    folder = _folder(job)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path not in places:
            with suppress(OSError):  # what cannot be removed does no harm: nobody asks for its name
                path.unlink()
    return [number for number, path in enumerate(places) if not path.exists()]


def clear(job: Job) -> None:
    """Take all of a video away."""
    shutil.rmtree(_folder(job), ignore_errors=True)
    with suppress(OSError):  # others are in it, or it is not there
        os.rmdir(_folder(job).parent)


def _folder(job: Job) -> Path:
    return Path(job.out) / PIECES / job.name
