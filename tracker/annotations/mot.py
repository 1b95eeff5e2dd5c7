"""MOTChallenge, in three shapes that the name tells apart: text, CVAT's archive, and sequence folders.

- ``NAME.txt``: results, ``frame,id,x,y,w,h,conf,-1,-1,-1``.
- ``NAME.zip``: CVAT's "MOT 1.1", with classes.
- any other: a folder with gt/gt.txt, the ground truth of an evaluation.
"""

from __future__ import annotations

from pathlib import Path

from tracker.annotations.document import Annotations
from tracker.annotations.mot_archive import is_archive, read_archive, write_archive
from tracker.annotations.mot_sequence import read_sequence, sequences_in, write_sequence
from tracker.annotations.mot_text import looks_like_text, read_text, write_text

WRITERS = {".txt": write_text, ".zip": write_archive}


def write(annotations: Annotations, path: Path) -> None:
    """Write what the name of `path` says. Raises InputError."""
    WRITERS.get(path.suffix.lower(), write_sequence)(annotations, path)


def read(path: Path) -> list[Annotations]:
    """The tracks of a text, an archive, a sequence or a folder of sequences.

    Raises InputError, naming file and line.
    """
    if path.is_dir():
        return [read_sequence(folder) for folder in sequences_in(path)]
    return [read_archive(path) if is_archive(path) else read_text(path)]


def recognises(path: Path) -> bool:
    """Whether it seems to be one of the three."""
    if path.is_dir():
        return bool(sequences_in(path))
    return looks_like_text(path) or is_archive(path)
