"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detectors.errors import InputError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place of the same name to write to, beside `path`, which it becomes once all is written; what was there goes.

    What fails leaves `path` as it was. Raises InputError when nothing can be written.
    """
    hidden = path.resolve().with_name(f".{path.resolve().name[:200]}.{os.getpid()}.part")
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        draft = hidden / path.resolve().name
        yield draft
        _put(draft, path.resolve(), hidden / "before")
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror or error}", "choose another place") from None
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _put(draft: Path, place: Path, before: Path) -> None:
    if place.exists():
        os.replace(place, before)
    try:
        os.replace(draft, place)
    except OSError:
        if before.exists():
            os.replace(before, place)
        raise
