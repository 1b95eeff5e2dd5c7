"""Checks of output paths, made before any work is done: nothing is overwritten unasked, and every folder exists."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from detectors.errors import InputError
from tracker.file_names import LONGEST, size_of
from tracker.writers.exclusive import is_standard_output

VIDEO_SUFFIXES = (".mp4", ".m4v")
STREAMED = ("--mot", "--jsonl", "--events", "--stats")  # what may go to standard output, as lines of text
BESIDE = len("-journal")  # what SQLite adds to the name of its files
STANDARD = Path("/dev/stdout")


def check_outputs(
    outputs: dict[str, Path], inputs: Iterable[Path], overwrite: bool, logs: Collection[str] = ()
) -> None:
    """Check that every output can be written and that none destroys anything.

    outputs: option -> path. inputs: files that are read. logs: options whose files are only ever appended to.

    Raises InputError for a missing or read-only folder, a folder in place of a file, a file that is there already
    (unless `overwrite`), an input, and two outputs of one name.
    """
    taken: dict[Path, str] = {}
    read = [path.resolve() for path in inputs]
    for option, path in outputs.items():
        if size_of(path.name) > LONGEST - (BESIDE if path.suffix.lower() == ".sqlite" else 0):
            shown = path if size_of(path.name) <= 2 * LONGEST else f"{str(path)[:LONGEST]}..."
            raise InputError(shown, "its name would be too long", f"choose another with {option}")
        if is_standard_output(path):
            if option not in STREAMED:
                raise InputError(f"{option} {path}", "is no file name", "name a file")
            if STANDARD in taken:
                raise InputError(path, f"is asked for twice, by {taken[STANDARD]} and {option}", "name a file for one")
            taken[STANDARD] = option
            continue
        if path.parts[:2] == ("/", "dev"):  # a device or a pipe holds nothing that could be lost
            continue
        place = path.resolve()
        if place in read or any(_same_file(place, other) for other in read):
            raise InputError(path, "is an input of this run and would be overwritten", f"choose another {option}")
        if place in taken:
            raise InputError(path, f"is asked for twice, by {taken[place]} and {option}", "choose two names")
        taken[place] = option
        if not place.parent.is_dir():
            raise InputError(path, f"the folder {path.parent} does not exist", "create it, or choose another")
        if place.is_dir():
            raise InputError(path, "is a folder", f"give {option} a file name")
        if place.is_file() and not overwrite and option not in logs:
            raise InputError(path, "exists already", "add --overwrite, or choose another name")
        if not os.access(place if place.exists() else place.parent, os.W_OK):
            raise InputError(path, "cannot be written: no permission", "choose another place")


def _same_file(a: Path, b: Path) -> bool:
    """Whether two names stand for one file, as hard links do, or other letters on some systems."""
    return a.exists() and b.exists() and a.samefile(b)


def check_video_name(path: Path) -> None:
    """Raise InputError unless the name of the annotated video says that it is an mp4."""
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(path, "annotated video is written as mp4", f"name it {path.with_suffix('.mp4').name}")
