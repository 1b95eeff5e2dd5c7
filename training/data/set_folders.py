"""Which folders are data sets, and which hold several of them, as ``keeptrack convert`` makes of several videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MOST_NAMED = 5
COCO, LABELS = "annotations.json", "labels"


def is_set(path: Path) -> bool:
    """Whether a folder is a data set itself: COCO's annotations.json, or YOLO's labels/."""
    return (path / COCO).is_file() or (path / LABELS).is_dir()


def sets_in(folder: Path) -> list[Path]:
    """The data sets in a folder that is none itself, by name: ``a``, or ``a/yolo``; none where it is one, or no folder.

    A folder inside of it is either a set, or looked into for sets, no deeper.
    """
    if not folder.is_dir() or is_set(folder):
        return []
    return [found for inside in _folders(folder) for found in ([inside] if is_set(inside) else _sets(inside))]


def sets_told(folder: Path, inside: Sequence[Path]) -> str:
    """What is said of a folder of which the data sets inside are taken."""
    names = [each.relative_to(folder).as_posix() for each in inside]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    what = "the data set in it is" if len(names) == 1 else f"all {len(names)} data sets in it are"
    return f"{what} taken: {', '.join(names[:MOST_NAMED])}{more}"


def _sets(folder: Path) -> list[Path]:
    return [each for each in _folders(folder) if is_set(each)]


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
