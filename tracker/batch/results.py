"""A video's folder of results: made beside the others where nobody looks, then put in its place in one step."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tracker.batch.job import Job, Outcome

WORK = ".work"  # in the batch's folder: what is not complete
DONE = "done.json"  # in a video's folder: what it was made of, so that nobody makes it twice


def begin(job: Job) -> Path:
    """An empty folder for the results to come."""
    draft = Path(job.out) / WORK / job.name
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    return draft


def publish(job: Job, draft: Path, fingerprint: str, outcome: Outcome) -> None:
    """Put the folder in its place, and sign it. Results that were there before are there until then."""
    told = {"fingerprint": fingerprint, "frames": outcome.frames, "tracks": outcome.tracks}
    told |= {"warnings": list(outcome.warnings)}
    (draft / DONE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for path in draft.rglob("*"):
        if path.is_file():
            _to_disk(path)
    old = draft.with_name(f"{draft.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if job.folder.exists():
        os.rename(job.folder, old)
    os.rename(draft, job.folder)
    _to_disk(job.folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def discard(job: Job) -> None:
    """Take away what was begun."""
    shutil.rmtree(Path(job.out) / WORK / job.name, ignore_errors=True)


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
    """Clear what a batch that was cut short has left, and put back results that it was about to replace."""
    for old in (out / WORK).glob("*.old"):
        place = out / old.name.removesuffix(".old")
        if not place.exists():
            os.rename(old, place)
    shutil.rmtree(out / WORK, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Have the system write it now, so that a power failure finds no empty file under a name that is signed."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
