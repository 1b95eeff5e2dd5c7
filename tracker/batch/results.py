"""A video's folder of results: written as a draft in a hidden folder, then published by one rename.

Each attempt at a job has a draft of its own. Once a draft is discarded, because its worker counts as dead, that worker
can never publish, even if it lives on, as on a computer that the network has lost.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tracker.batch.job import Job, Outcome
from tracker.batch.own_places import DRAFTS, TRASH

OLD = "old"  # in a video's folder there: results that are being replaced
DONE = "done.json"  # in a video's folder: the fingerprint of what it was made of, so that it is not made again
MARKER = "begun"  # in a draft from the first moment: becomes DONE
OF_FILE_MANAGERS = re.compile(r"\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$|\.directory$", re.IGNORECASE)
SAME_TIME = 2.0  # seconds: file systems round times
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


def publish(job: Job, draft: Path, fingerprint: str, outcome: Outcome) -> Path | None:
    """Replace the results of a video by the draft, and sign it. Earlier results stay until then.

    Results that a person has corrected, or added files to, are moved aside instead of being replaced; returns where to.
    Raises OSError if the draft was discarded.
    """
    signature = {"fingerprint": fingerprint, "frames": outcome.frames, "tracks": outcome.tracks}
    signature |= {"warnings": list(outcome.warnings), "files": _digests(draft, {MARKER})}
    with (draft / MARKER).open("r+", encoding="utf-8") as file:  # not "w": a library may have made the folder anew
        file.write(json.dumps(signature, indent=1) + "\n")
    os.rename(draft / MARKER, draft / DONE)
    for path in draft.rglob("*"):
        if path.is_file():
            _sync(path)
    old = draft.with_name(OLD)
    kept = _set_aside(job.folder)
    _replace(job.folder, draft, old)
    _sync(job.folder.parent)
    shutil.rmtree(old, ignore_errors=True)
    return kept


def is_changed(folder: Path) -> bool:
    """Whether somebody has worked on a folder of results: a file is another than was signed, was added, or is gone."""
    try:
        made = signed_files(folder)
        if isinstance(made, dict):
            return made != _digests(folder, {DONE})
        if made is None:  # nobody knows what was there
            return True
        signed = (folder / DONE).stat().st_mtime  # by earlier versions, which did not tell what the files were
        there = _files(folder) - {DONE}
        return not there <= set(made) or any((folder / name).stat().st_mtime > signed + SAME_TIME for name in there)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return folder.is_dir() and bool(_files(folder))


def is_edited(folder: Path, place: str) -> bool | None:
    """Whether a file or folder in a folder of results is another than was signed; None where that is not known.

    Raises OSError and ValueError.
    """
    made = signed_files(folder)
    if not isinstance(made, dict):
        return None
    there = _digests(folder, set())
    return _inside(made, place) != _inside(there, place)


def _inside(files: Mapping[str, str], place: str) -> dict[str, str]:
    return {name: found for name, found in files.items() if name == place or name.startswith(f"{place}/")}


def signed_files(folder: Path) -> dict[str, str] | list[str] | None:
    """The files of a folder as they were signed: the digest of each, or their names alone, or None, by age."""
    found: dict[str, str] | list[str] | None = json.loads((folder / DONE).read_text(encoding="utf-8")).get("files")
    return found


def _files(folder: Path) -> set[str]:
    """The names of all files but those that file managers make to look at a folder."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {name for name in names if not OF_FILE_MANAGERS.match(name.rpartition("/")[2])}


def _digests(folder: Path, without: set[str]) -> dict[str, str]:
    """Each file with the digest of what is in it."""
    return {name: digest(folder / name) for name in sorted(_files(folder) - without)}


def digest(path: Path) -> str:
    """What tells a file's content from any other; a link is what it names."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _set_aside(folder: Path) -> Path | None:
    if not is_changed(folder):
        return None
    names = (folder.with_name(f"{folder.name}.corrected-{number}") for number in itertools.count(1))
    kept = next(place for place in names if not place.exists())
    os.rename(folder, kept)
    return kept


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
        warnings, counts = told["warnings"], (told["frames"], told["tracks"])
        known = all(isinstance(each, str) for each in warnings) and all(isinstance(count, int) for count in counts)
        if told["fingerprint"] == fingerprint and known:
            return Outcome("done", "", *counts, warnings=tuple(warnings))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return None


def clean_up(out: Path) -> None:
    """Delete what a batch that was killed has left, and restore results that it was about to replace."""
    for old in (out / DRAFTS).glob(f"*/{OLD}"):
        place = out / old.parent.name
        if not os.path.lexists(place):
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
