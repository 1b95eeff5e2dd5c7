"""CVAT for video with the outlines of masks, as tracks of polygons; all else is as in `cvat`, which reads both.

CVAT tracks polygons, and not masks. Each is one line around all parts of its mask, along the edges of pixels. A track
without any mask is one of boxes; of a track with masks, a box without one is a polygon of four corners.
"""

from __future__ import annotations

from pathlib import Path

from tracker.annotations.cvat import write_file
from tracker.annotations.cvat_reader import read
from tracker.annotations.document import Annotations

__all__ = ["read", "recognises", "write"]


def write(annotations: Annotations, path: Path) -> None:
    """Write the tracks one by one, every box a keyframe where there are masks."""
    write_file(annotations, path, polygons=True)


def recognises(path: Path) -> bool:
    """Never: a file is known as CVAT's, whatever its shapes are."""
    return False
