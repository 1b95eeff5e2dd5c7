"""The shapes of a CVAT track in time: the stretches in which its object is there, and the boxes between keyframes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.errors import InputError
from tracker.annotations.interpolation import interpolate

TWICE = "delete one of them in CVAT, and export it again"
SAME = 0.011  # pixels by which equal sides may differ: CVAT rounds them to hundredths

Rows = tuple[Ints, Floats, Bools, Bools]  # frames, boxes, filled, keyframes


class Shape(NamedTuple):
    """A box. frame: from 0. outside: whether the object is away from here on. key: whether a person has set it.

    outline: ``(P, 2)`` of a polygon, around which the box is.
    """

    frame: int
    box: list[float]
    outside: bool
    occluded: bool
    key: bool = True
    outline: Floats | None = None


class FrameRange(NamedTuple):
    """The frames of a task, numbered from 0 as in its video: from `start` on each `step`-th, before `end`.

    end: of the video as far as it is known, 0 where nothing is said.
    """

    start: int = 0
    step: int = 1
    end: int = 0

    def between(self, first: int, last: int) -> Ints:
        """The frames of the task from `first` up to `last`, without it."""
        return np.arange(first + (self.start - first) % self.step, last, self.step)


def one_a_frame(path: Path, where: str, shapes: list[Shape]) -> list[Shape]:
    """The shapes in order. Of several in one frame, as the jobs of a task close a track, one that is there is kept.

    A keyframe is kept rather than what CVAT has drawn. Raises InputError for two different boxes.
    """
    kept: list[Shape] = []
    for shape in sorted(shapes, key=lambda each: (each.frame, each.outside, not each.key)):
        if not kept or kept[-1].frame != shape.frame:
            kept.append(shape)
        elif not shape.outside and shape.key == kept[-1].key and not np.allclose(shape.box, kept[-1].box, 0, SAME):
            raise InputError(f"{path}, {where}", f"has two different boxes in frame {shape.frame}", TWICE)
    return kept


def stays(shapes: list[Shape], task: FrameRange) -> int:
    """For how many frames a last keyframe without an end stands."""
    ended = not shapes or shapes[-1].outside or not shapes[-1].key
    return 0 if ended else task.end - shapes[-1].frame


def stretches_of(shapes: list[Shape], task: FrameRange) -> Iterator[tuple[list[Shape], int]]:
    """The shapes of each run of frames in which the object is there, and the frame before which it ends.

    A last keyframe stays to the task's end. CVAT also writes the boxes that follow it, up to the last one.
    """
    here: list[Shape] = []
    for shape in shapes:
        if not shape.outside:
            here.append(shape)
        elif here:
            yield here, shape.frame
            here = []
    if here:
        yield here, here[-1].frame + 1 + max(0, stays(shapes, task) - 1)


def draw_stretch(here: list[Shape], end: int, task: FrameRange) -> Rows:
    """The boxes from the first shape up to frame `end`; the last stays until then.

    Between keyframes they lie on straight lines, whatever is written there; before the first and after the last
    keyframe, they are as written.
    """
    set_by_hand = [shape.frame for shape in here if shape.key] or [here[0].frame]
    first, last = set_by_hand[0], set_by_hand[-1]
    here = [shape for shape in here if shape.key or not first < shape.frame < last]
    given = np.array([shape.frame for shape in here])
    frames = np.union1d(task.between(here[0].frame, end), given)
    keys = np.isin(frames, given)
    boxes = interpolate(given, np.array([shape.box for shape in here]), frames)
    occluded = np.array([shape.occluded for shape in here])[np.searchsorted(given, frames, side="right") - 1]
    alone = np.diff(frames, prepend=-2, append=frames[-1] + 2) > 1  # where the stretch of a task with a step is torn
    return frames + 1, boxes, occluded, keys | alone[:-1] | alone[1:]
