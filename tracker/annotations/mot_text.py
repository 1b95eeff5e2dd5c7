"""MOTChallenge results: ``frame,id,x,y,w,h,conf,-1,-1,-1``, a line a box."""

from __future__ import annotations

from codecs import getincrementaldecoder
from pathlib import Path

import numpy as np

from detectors.errors import InputError
from detectors.number_rows import encoding_of, split_rows
from detectors.scores import are_percentages
from tracker.annotations.document import Annotations, by_frame
from tracker.annotations.mot_ground_truth import tracks_of
from tracker.mot_rows import read_rows

REMEDY = "give a MOTChallenge text file"
SCORE = 6  # column, from 0
HEAD = 4096  # bytes that are read to recognise a file


def write_text(annotations: Annotations, path: Path) -> None:
    """Write all boxes, frame by frame, to a thousandth of a pixel. Classes, and which boxes are filled, are lost."""
    tracks = annotations.tracks
    with path.open("w", encoding="ascii", newline="\n") as file:
        for frame, owners, rows in by_frame(tracks):
            for owner, row in zip(owners.tolist(), rows.tolist(), strict=True):
                track = tracks[owner]
                x1, y1, x2, y2 = track.boxes[row].tolist()
                box = f"{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f}"
                file.write(f"{frame},{track.track_id},{box},{track.scores[row]:.4f},-1,-1,-1\n")


def read_text(path: Path) -> Annotations:
    """The tracks of one text file, all of one class. Its video's size, frame rate and length are not known.

    Raises InputError, naming file and line.
    """
    rows = read_rows(path, REMEDY)
    scores = None
    if rows.values.shape[1] > SCORE:
        given = rows.values[:, SCORE]
        given = given / 100 if are_percentages(given[given != -1]) else given
        scores = np.where(given == -1, 1.0, np.clip(given, 0.0, 1.0))  # -1 where a file has no scores
    return tracks_of(rows, path.stem, scores=scores)


def looks_like_text(path: Path) -> bool:
    """Whether it may be such a text: six numbers or more in its first row, or nothing at all."""
    if path.suffix.lower() != ".txt" or not path.is_file():
        return False
    try:
        text = _beginning(path)
        first = next(split_rows(str(path), text), (0, []))[1]
        return not text.strip() or (len(first) >= 6 and all(float(field) == float(field) for field in first))
    except (OSError, ValueError, InputError):
        return False


def _beginning(path: Path) -> str:
    """The first lines of a text. Raises OSError, and ValueError for what is none."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    text = getincrementaldecoder(encoding_of(head))().decode(head)  # whose last character may not be whole
    lines = text.splitlines(keepends=True)
    return "".join(lines[:-1]) if len(head) == HEAD and len(lines) > 1 else text
