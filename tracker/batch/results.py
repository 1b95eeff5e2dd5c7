"""A video's folder of results: made beside the others where nobody looks, then put in its place in one step.

Whoever makes results has a draft of its own. When a draft is taken away, because its maker counts as dead, then that
maker can never publish, even if it lives on unknown to us, as on a computer that the network has lost.
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

WORK = ".work"  # in the batch's folder: what is not complete, a folder for each video
OLD = "old"  # in a video's folder there: results that are being replaced
GONE = ".gone"  # beside WORK: what is being cleared
DONE = "done.json"  # in a video's folder: what it was made of, so that nobody makes it twice
BEGUN = "begun"  # in a draft from its first moment: becomes DONE
THERE = (errno.ENOTEMPTY, errno.EEXIST)


def begin(job: Job) -> Path:
    """A folder for the results to come, which nobody else has."""
    draft = Path(job.out) / WORK / job.name / f"draft-{uuid.uuid4().hex}"
    draft.mkdir(parents=True)
    (draft / BEGUN).touch()
    return draft


def is_begun(draft: Path) -> bool:
    """Whether the draft can be seen from here, and nobody has taken it away."""
    return (draft / BEGUN).is_file()


def publish(job: Job, draft: Path, fingerprint: str, outcome: Outcome) -> None:
    """Put the draft in its place, and sign it. Results that were there before are there until then.

    Raises OSError if the draft was taken away.
    """
    told = {"fingerprint": fingerprint, "frames": outcome.frames, "tracks": outcome.tracks}
    told |= {"warnings": list(outcome.warnings)}
    with (draft / BEGUN).open("r+", encoding="utf-8") as file:  # not "w": a library may have made the folder anew
        file.write(json.dumps(told, indent=1) + "\n")
    os.rename(draft / BEGUN, draft / DONE)
    for path in draft.rglob("*"):
        if path.is_file():
            _to_disk(path)
    old = draft.with_name(OLD)
    _replace(job.folder, draft, old)
    _to_disk(job.folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _replace(place: Path, draft: Path, old: Path) -> None:
    while True:
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
            with suppress(FileNotFoundError):  # somebody else was as quick
                os.rename(place, old)
        try:
            os.rename(draft, place)
            return
        except OSError as error:
            if error.errno not in THERE:
                with suppress(OSError):  # nothing is to be put back, or others have put theirs there
                    os.rename(old, place)
                raise


def discard(draft: Path) -> None:
    """Take a draft away in one step, so that it is never published, and clear it."""
    gone = draft.with_name(f"gone-{draft.name}")
    with suppress(OSError):
        os.rename(draft, gone)
        shutil.rmtree(gone, ignore_errors=True)


def finished(folder: Path, fingerprint: str) -> Outcome | None:
    """What the results in a folder say of themselves, if they are complete and were made of just that."""
    try:
        told = json.loads((folder / DONE).read_text(encoding="utf-8"))
        if told["fingerprint"] == fingerprint:
            return Outcome("done", "", told["frames"], told["tracks"], warnings=tuple(told["warnings"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def tidy(out: Path) -> None:
    """Take away what a batch that was cut short has left, and put back results that it was about to replace."""
    for old in (out / WORK).glob(f"*/{OLD}"):
        place = out / old.parent.name
        if not place.exists():
            os.rename(old, place)
    gone = out / GONE
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(FileNotFoundError):
        os.rename(out / WORK, gone)  # in one step: none of the drafts can be published any more
    shutil.rmtree(gone, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Have the system write it now, so that a power failure finds no empty file under a name that is signed."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
