"""MOTChallenge text: ``frame,id,x,y,w,h,conf,-1,-1,-1``, frames from 1."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame
from tracker.mot_rows import LONGEST, read_rows, sort_by_frame

REMEDY = "give a MOTChallenge text file"
SCORE = 6  # column, from 0
LABEL = "object"  # the text has no names of classes
RATE = Fraction(30)  # nor a frame rate


def write(annotations: Annotations, path: Path) -> None:
    """Write all boxes, frame by frame, to a thousandth of a pixel. Classes, and which boxes are filled, are lost."""
    tracks = annotations.tracks
    with path.open("w", encoding="ascii", newline="\n") as file:
        for frame, owners, rows in by_frame(tracks):
            for owner, row in zip(owners.tolist(), rows.tolist(), strict=True):
                track = tracks[owner]
                x1, y1, x2, y2 = track.boxes[row].tolist()
                box = f"{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f}"
                file.write(f"{frame},{track.track_id},{box},{track.scores[row]:.4f},-1,-1,-1\n")


def read(path: Path) -> list[Annotations]:
    """The tracks of one text file, all of one class. Its video's size is not known, its frame rate taken for 30.

    Raises InputError, naming file and line.
    """
    rows = read_rows(path, REMEDY)
    found = sort_by_frame(rows, LONGEST, REMEDY)
    rows.reject(rows.values[:, 1] < 1, "id {1:.15g} is not a track's", "ids count from 1; track the detections first")
    frames = rows.values[found.order, 0].astype(np.int64)
    if rows.values.shape[1] > SCORE:
        scores = np.clip(rows.values[found.order, SCORE], 0.0, 1.0)
    else:
        scores = np.ones(len(frames))
    order = np.argsort(found.ids, kind="stable")
    ids, starts = np.unique(found.ids[order], return_index=True)
    owners = zip(ids.tolist(), np.split(order, starts[1:]), strict=False)  # an empty file splits into one part
    tracks = [AnnotatedTrack(number, LABEL, frames[own], found.boxes[own], scores[own]) for number, own in owners]
    last = int(frames.max(initial=0))
    return [Annotations(path.stem, "", 0, 0, RATE, last, [LABEL], tracks)]


def recognises(path: Path) -> bool:
    """Whether it may be such a text: six numbers or more in its first line."""
    if path.suffix.lower() != ".txt" or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            fields = file.readline(1000).split(",")
        return len(fields) >= 6 and all(float(field) == float(field) for field in fields)
    except (OSError, ValueError):
        return False
