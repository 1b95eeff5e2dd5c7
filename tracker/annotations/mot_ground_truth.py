"""MOTChallenge's ground truth: ``frame,id,x,y,w,h,flag,class,visibility``, a line a box.

Frames, ids and classes count from 1. Rows whose flag is 0 are to be ignored. The visibility of a box that nobody has
seen is 0, which CVAT takes for occluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from detectors import limits
from detectors.base import Bools, Floats
from tracker.annotations.document import AnnotatedTrack, Annotations, by_frame, labels_of
from tracker.annotations.label_names import NAMELESS
from tracker.mot_rows import MotRows, sort_by_frame

FLAG, CLASS, VISIBILITY = 6, 7, 8  # columns, from 0
CLASSLESS = -1
CHALLENGE = (  # the classes of MOT16, MOT17 and MOT20
    *("pedestrian", "person on vehicle", "car", "bicycle", "motorbike", "non motorized vehicle", "static person"),
    *("distractor", "occluder", "occluder on the ground", "occluder full", "reflection", "crowd"),
)


def ground_truth_lines(annotations: Annotations, classes: Sequence[int]) -> Iterator[str]:
    """A line a box, frame by frame, to a thousandth of a pixel. classes: number of each track's class."""
    tracks = annotations.tracks
    for frame, owners, rows in by_frame(tracks):
        for owner, row in zip(owners.tolist(), rows.tolist(), strict=True):
            track = tracks[owner]
            x1, y1, x2, y2 = track.boxes[row].tolist()
            box = f"{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f}"
            yield f"{frame},{track.track_id},{box},1,{classes[owner]},{0 if track.filled[row] else 1}\n"


def tracks_of_ground_truth(rows: MotRows, name: str, listed: Sequence[str] | None) -> Annotations:
    """The tracks of a file as it lies in gt/. listed: names of its classes, from 1; None for MOTChallenge's.

    Files of another number of columns have no classes. Raises InputError, naming file and line.
    """
    values, names = rows.values, CHALLENGE if listed is None else listed
    if values.shape[1] != VISIBILITY + 1:
        return tracks_of(rows, name, listed if listed and not len(values) else (NAMELESS,))
    classes = values[:, CLASS]
    known = (classes == CLASSLESS) | ((classes >= 1) & (classes <= len(names)) & (classes % 1 == 0))
    why = f"class {{{CLASS}:g}} has no name: there are {len(names)}"
    rows.reject(~known, why, "give each class a line in labels.txt beside it, or -1 for no class")
    counts = values[:, FLAG] != 0
    kept = MotRows(rows.path, values[counts], rows.lines[counts])
    found = tracks_of(kept, name, names, classes=classes[counts], filled=values[counts, VISIBILITY] <= 0)
    used = {track.label for track in found.tracks}
    return found if listed else replace(found, labels=[label for label in found.labels if label in used])


def tracks_of(
    rows: MotRows,
    name: str,
    names: Sequence[str] = (NAMELESS,),
    scores: Floats | None = None,
    filled: Bools | None = None,
    classes: Floats | None = None,
) -> Annotations:
    """The tracks of rows, of a video of which nothing else is known.

    scores, filled, classes: ``(N,)``, of each row. names: of the classes, from 1; a track has its most frequent one,
    and all have the first where `classes` are left out. Where an id is 0, ids begin there, and each becomes one more.
    Raises InputError, naming file and line.
    """
    far = (np.abs(rows.values[:, 2:6]) > limits.PIXELS).any(axis=1)
    rows.reject(far, "the box is too far away", f"boxes are x, y, width, height, up to {limits.PIXELS} pixels")
    length = int(min(rows.values[:, 0].max(initial=1), limits.FRAMES))
    found = sort_by_frame(rows, length, "frames count from 1")
    count = len(found.ids)
    ids = found.ids + 1 if (found.ids == 0).any() else found.ids
    frames = rows.values[found.order, 0].astype(np.int64)
    scores = np.ones(count) if scores is None else scores[found.order]
    filled = np.zeros(count, dtype=bool) if filled is None else filled[found.order]
    classes = np.ones(count) if classes is None else classes[found.order]
    order = np.argsort(ids, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(ids[order])) + 1) if count else []
    tracks = [
        AnnotatedTrack(
            int(ids[own[0]]), _label(classes[own], names), frames[own], found.boxes[own], scores[own], filled[own]
        )
        for own in parts
    ]
    video = Annotations(name, "", 0, 0, Fraction(0), int(frames.max(initial=0)), names, tracks)
    return replace(video, labels=labels_of(video))


def _label(classes: Floats, names: Sequence[str]) -> str:
    numbers, counts = np.unique(classes, return_counts=True)
    number = int(numbers[counts.argmax()])
    return NAMELESS if number == CLASSLESS else names[number - 1]
