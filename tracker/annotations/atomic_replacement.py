"""Atomic replacement: a file or folder is written aside and then renamed, so that nobody sees half of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detectors.errors import InputError


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """A temporary path of the same name to write to, beside `path`. At the end of the block it replaces `path`.

    After an exception `path` is as it was. Raises InputError when nothing can be written.
    """
    hidden = path.resolve().with_name(f".{path.resolve().name[:200]}.{os.getpid()}.part")
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        draft = hidden / path.resolve().name
        yield draft
        _replace(draft, path.resolve(), hidden / "before")
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror or error}", "choose another place") from None
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _replace(draft: Path, place: Path, before: Path) -> None:
    if place.exists():
        os.replace(place, before)
    try:
        os.replace(draft, place)
    except OSError:
        if before.exists():
            os.replace(before, place)
        raise
