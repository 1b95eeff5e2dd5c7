"""COCO with masks as polygons, for programs that read no run lengths; all else is as in `coco`, which reads both."""

from __future__ import annotations

from pathlib import Path

from tracker.annotations.coco import read, write_many
from tracker.annotations.document import Annotations

__all__ = ["read", "recognises", "write"]


def write(annotations: Annotations, path: Path) -> None:
    """Write one video."""
    write_many([annotations], path, polygons=True)


def recognises(path: Path) -> bool:
    """Never: a file is known as COCO, whatever its masks are."""
    return False
