"""Atomic replacement: a file or folder is written aside and then renamed, so that nobody sees half of it."""

from __future__ import annotations

import glob
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detectors.errors import InputError
from tracker.file_names import hidden_beside

BEFORE = "before"  # what is being replaced, in the hidden folder


@contextmanager
def atomic_replacement(path: Path, new: bool = False) -> Iterator[Path]:
    """A temporary path of the same name to write to, beside `path`. At the end of the block it replaces `path`.

    new: `path` must not exist, whatever an earlier check has found.

    After an exception `path` is as it was. A folder that a killed process was about to replace is put back the next
    time. Raises InputError when nothing can be written.
    """
    place = path.resolve()
    hidden = hidden_beside(place, uuid.uuid4().hex[:12], ".part")
    try:
        _put_back(place)
        hidden.mkdir()
        draft = hidden / place.name
        yield draft
        _replace(draft, place, hidden / BEFORE, new)
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror or error}", "choose another place") from None
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _put_back(place: Path) -> None:
    """Undo the first of the two renames of a process that died between them."""
    for hidden in place.parent.glob(f"{glob.escape(hidden_beside(place, '', '').name)}*.part"):
        if (hidden / BEFORE).exists() and not place.exists():
            os.replace(hidden / BEFORE, place)
            shutil.rmtree(hidden, ignore_errors=True)


def _replace(draft: Path, place: Path, before: Path, new: bool) -> None:
    """Put the draft in its place. A file needs one rename; a folder has to make room first."""
    if new and os.path.lexists(place):
        raise InputError(place, "exists already: another command has made it", "choose another name")
    if place.is_dir() or draft.is_dir():
        _replace_folder(draft, place, before)
    else:
        os.replace(draft, place)


def _replace_folder(draft: Path, place: Path, before: Path) -> None:
    if place.exists():
        os.replace(place, before)
    try:
        os.replace(draft, place)
    except OSError:
        if before.exists():
            os.replace(before, place)
        raise
