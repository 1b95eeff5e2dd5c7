"""Fewer boxes for a person to correct: keyframes, between which a labelling tool draws straight lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations

IOU = 0.9
ROUNDING = 1e-3  # of the overlap, which what a format rounds off must not cost
AHEAD = 64  # frames between two keyframes at most, which bounds the time that the search takes


def parse_keyframes(text: str) -> float | None:
    """The overlap that ``auto`` or ``auto:IOU`` asks for; None for ``all``. Raises InputError for anything else."""
    if text == "all":
        return None
    kind, _, value = text.partition(":")
    try:
        overlap = float(value) if value else IOU
    except ValueError:
        overlap = -1.0
    if kind != "auto" or not 0 < overlap < 1:
        raise InputError(f"--keyframes {text}", "is not understood", "give all, auto, or auto:0.95")
    return overlap


def with_keyframes(annotations: Annotations, overlap: float = IOU) -> Annotations:
    """The annotations with the fewest of their boxes as keyframes, and all others on the lines between these.

    Each box then has at least this IoU with what it was.
    """
    return replace(annotations, tracks=[_thinned(track, overlap) for track in annotations.tracks])


def _thinned(track: AnnotatedTrack, overlap: float) -> AnnotatedTrack:
    chosen = np.zeros(len(track), dtype=bool)
    for rows in track.stretches():
        chosen[rows.start + fewest(track.boxes[rows], overlap)] = True
    return replace(track, boxes=interpolated(track.frames, track.boxes, chosen), keyframes=chosen)


def interpolated(frames: Ints, boxes: Floats, keyframes: Bools) -> Floats:
    """Boxes ``(K, 4)`` on the straight lines between those of the keyframes ``(K,)``, which stay as they are."""
    columns = [np.interp(frames, frames[keyframes], column) for column in boxes[keyframes].T]
    return np.stack(columns, axis=1)


def fewest(boxes: Floats, overlap: float) -> Ints:
    """Which of the boxes ``(K, 4)`` of consecutive frames to keep: the fewest from which lines reproduce the others.

    The first and the last are among them. It is the shortest path from one to the other, in a graph that joins any two
    boxes, at most `AHEAD` frames apart, whose straight line has at least this IoU with each box between.
    """
    count = len(boxes)
    steps = np.full(count, count + 1)  # from the first box to each
    before = np.zeros(count, dtype=np.int64)
    steps[0] = 0
    for start in range(count - 1):
        ends = start + 1 + np.flatnonzero(_reaches(boxes[start : start + AHEAD + 1], overlap))
        better = ends[steps[ends] > steps[start] + 1]
        steps[better], before[better] = steps[start] + 1, start
    path = [count - 1]
    while path[-1] > 0:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], dtype=np.int64)


def _reaches(boxes: Floats, overlap: float) -> Bools:
    """Of each box ``(K - 1,)`` after the first, whether the line to it from the first reproduces all between."""
    ends = np.arange(1, len(boxes))
    share = np.minimum(ends[None, :] / ends[:, None], 1.0)  # row: where the line ends; column: which box
    lines = boxes[0] + share[:, :, None] * (boxes[1:] - boxes[0])[:, None, :]
    fits = _iou(lines, boxes[None, 1:]) >= min(overlap + ROUNDING, 1.0)
    return np.asarray((fits | (ends[None, :] >= ends[:, None])).all(axis=1))


def _iou(a: Floats, b: Floats) -> Floats:
    corner, far = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    common = np.clip(far - corner, 0.0, None).prod(axis=-1)
    areas = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1)
    return np.asarray(common / np.maximum(areas - common, 1e-12))
