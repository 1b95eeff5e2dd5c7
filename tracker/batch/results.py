"""A video's folder of results: written as a draft in a hidden folder, then published by one rename.

Each attempt at a job has a draft of its own. Once a draft is discarded, because its worker counts as dead, that worker
can never publish, even if it lives on, as on a computer that the network has lost.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from tracker.batch.job import Job, Outcome

DRAFTS = ".work"  # in the batch's folder: what is not complete, a folder for each video
OLD = "old"  # in a video's folder there: results that are being replaced
TRASH = ".gone"  # beside DRAFTS: what is being deleted
DONE = "done.json"  # in a video's folder: the fingerprint of what it was made of, so that it is not made again
MARKER = "begun"  # in a draft from the first moment: becomes DONE
OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST)


def create_draft(job: Job) -> Path:
    """A new folder to write results to."""
    draft = Path(job.out) / DRAFTS / job.name / f"draft-{uuid.uuid4().hex}"
    draft.mkdir(parents=True)
    (draft / MARKER).touch()
    return draft


def draft_exists(draft: Path) -> bool:
    """Whether the draft can be seen from here, and was not discarded."""
    return (draft / MARKER).is_file()


def publish(job: Job, draft: Path, fingerprint: str, outcome: Outcome) -> None:
    """Replace the results of a video by the draft, and sign it. Earlier results stay until then.

    Raises OSError if the draft was discarded.
    """
    signature = {"fingerprint": fingerprint, "frames": outcome.frames, "tracks": outcome.tracks}
    signature |= {"warnings": list(outcome.warnings)}
    with (draft / MARKER).open("r+", encoding="utf-8") as file:  # not "w": a library may have made the folder anew
        file.write(json.dumps(signature, indent=1) + "\n")
    os.rename(draft / MARKER, draft / DONE)
    for path in draft.rglob("*"):
        if path.is_file():
            _sync(path)
    old = draft.with_name(OLD)
    _replace(job.folder, draft, old)
    _sync(job.folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _replace(place: Path, draft: Path, old: Path) -> None:
    while True:
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
            with suppress(FileNotFoundError):  # another process has moved it
                os.rename(place, old)
        try:
            os.rename(draft, place)
            return
        except OSError as error:
            if error.errno not in OCCUPIED:
                with suppress(OSError):  # there were no earlier results, or others have published
                    os.rename(old, place)
                raise


def discard(draft: Path) -> None:
    """Move a draft away in one step, so that it is never published, and delete it."""
    gone = draft.with_name(f"gone-{draft.name}")
    with suppress(OSError):
        os.rename(draft, gone)
        shutil.rmtree(gone, ignore_errors=True)


def published_outcome(folder: Path, fingerprint: str) -> Outcome | None:
    """The outcome of the results in a folder, if they are complete and have this fingerprint."""
    try:
        told = json.loads((folder / DONE).read_text(encoding="utf-8"))
        if told["fingerprint"] == fingerprint:
            return Outcome("done", "", told["frames"], told["tracks"], warnings=tuple(told["warnings"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def clean_up(out: Path) -> None:
    """Delete what a batch that was killed has left, and restore results that it was about to replace."""
    for old in (out / DRAFTS).glob(f"*/{OLD}"):
        place = out / old.parent.name
        if not place.exists():
            os.rename(old, place)
    gone = out / TRASH
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(FileNotFoundError):
        os.rename(out / DRAFTS, gone)  # in one step: none of the drafts can be published any more
    shutil.rmtree(gone, ignore_errors=True)


def _sync(path: Path) -> None:
    """Write a file or folder to the disk now, so that a power failure leaves no empty file in signed results."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
