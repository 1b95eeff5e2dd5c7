"""The places of a batch in its folder, none of which leads elsewhere, whoever has made the folder."""

from __future__ import annotations

from pathlib import Path

from detectors.errors import InputError

RECORD, LOCK, REPORT = "batch.sqlite", ".lock", "report.html"
DRAFTS = ".work"  # what is not complete, a folder for each video
TRASH = ".gone"  # beside DRAFTS: what is being deleted
PIECES = ".pieces"  # first passes over pieces of long videos, a folder for each video
JOURNALS = tuple(f"{RECORD}-{kind}" for kind in ("journal", "wal", "shm"))  # of SQLite


def check_own_places(folder: Path) -> None:
    """Raise InputError if a place that the batch writes to, or empties, is a link, which may lead anywhere."""
    places = [folder / name for name in (RECORD, LOCK, REPORT, DRAFTS, TRASH, PIECES, *JOURNALS)]
    for place in (folder / DRAFTS, folder / PIECES):
        if place.is_dir() and not place.is_symlink():
            places += place.iterdir()
    for place in places:
        if place.is_symlink():
            raise InputError(place, "is a link, and the batch writes there", "remove the link")
