"""Keyframes: few boxes for people to correct, with linear interpolation between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from detectors.base import Bools, Floats
from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.interpolation import interpolate, paired_iou
from tracker.annotations.keyframe_fit import rounded
from tracker.annotations.keyframe_reduction import reduce_keyframes
from tracker.annotations.optimal_keyframes import optimal_keyframes

IOU = 0.9  # the default: the least overlap of each box with the interpolated one
REMEDY = "all, auto, tracked, auto:IOU or tracked:IOU, with IOU from 0.5 to 0.99, such as auto:0.8"


class Keyframes(NamedTuple):
    """Which keyframes a person wants. iou: that each box keeps. free: whether keyframes may have boxes of their own."""

    iou: float
    free: bool = True


def parse_keyframes(text: str) -> Keyframes | None:
    """``all`` is None; ``auto[:IOU]`` has few keyframes with boxes of their own, ``tracked[:IOU]`` some of the track's.

    Raises InputError.
    """
    kind, colon, number = text.partition(":")
    if text == "all":
        return None
    try:
        iou = float(number) if colon else IOU
    except ValueError:
        iou = 0.0
    if kind not in ("auto", "tracked") or not 0.5 <= iou <= 0.99:
        raise InputError(f"--keyframes {text}", "is no choice of keyframes", f"choose {REMEDY}")
    return Keyframes(iou, kind == "auto")


def with_keyframes(
    annotations: Annotations,
    iou: float = IOU,
    free: bool = True,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Annotations:
    """The same tracks with few keyframes; each box lies on the line between those around it.

    iou: the least overlap of each box with the one in its place before, from 0.5 to 0.99. free: keyframes may have
    boxes of their own, so that about a third fewer are needed for jittering detections, though not always the fewest
    possible. Else they are boxes of the track, the fewest of those at most `optimal_keyframes.LONGEST` frames apart.
    Keyframes are rounded to the hundredth of a pixel, of small boxes to the ten-thousandth, so that they are written as
    they are. A box without area is a keyframe. on_progress: is called now and then with the number of boxes that are
    done, several thousand a second.
    """
    lengths = [len(track) for track in annotations.tracks]
    if not lengths:
        return annotations
    starts = np.cumsum([0, *lengths]).tolist()
    boxes = np.concatenate([track.boxes for track in annotations.tracks])
    stretches = [
        slice(start + rows.start, start + rows.stop)
        for start, track in zip(starts[:-1], annotations.tracks, strict=True)
        for rows in track.stretches()
    ]
    kept, values = (reduce_keyframes if free else _optimal)(boxes, stretches, iou, on_progress)
    lines = _lines(boxes, kept, values, stretches, iou)
    tracks = [
        replace(track, boxes=lines[start : start + len(track)], keyframes=kept[start : start + len(track)])
        for start, track in zip(starts[:-1], annotations.tracks, strict=True)
    ]
    return replace(annotations, tracks=tracks)


def _optimal(
    boxes: Floats, stretches: Sequence[slice], iou: float, on_progress: Callable[[int], None]
) -> tuple[Bools, Floats]:
    fine = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) * (1 - iou) < 0.08
    values = rounded(boxes.T, fine).T
    kept = np.zeros(len(boxes), dtype=bool)
    for rows in stretches:
        kept[rows] = optimal_keyframes(values[rows], boxes[rows], iou)
        on_progress(rows.stop)
    return kept, values


def _lines(boxes: Floats, kept: Bools, values: Floats, stretches: Sequence[slice], iou: float) -> Floats:
    """All boxes ``(N, 4)`` as a reader draws them. Marks those that would still miss what is asked in `kept`."""
    lines = np.empty_like(boxes)
    for rows in stretches:
        frames = np.arange(rows.stop - rows.start)
        while True:
            at = np.flatnonzero(kept[rows])
            lines[rows] = interpolate(at, values[rows][at], frames)
            missing = (paired_iou(lines[rows].T, boxes[rows].T) < iou) & ~kept[rows]
            if not missing.any():
                break
            values[rows][missing] = boxes[rows][missing].round(4)
            kept[rows] |= missing
    return lines


def track_overlaps(track: AnnotatedTrack, other: AnnotatedTrack) -> Floats:
    """IoU ``(K,)`` of the boxes of two tracks that have the same frames."""
    return paired_iou(track.boxes.T, other.boxes.T)
