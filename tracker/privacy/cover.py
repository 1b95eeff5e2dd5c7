"""What is covered in a frame: a box with a margin, or a mask that is grown a little, of a whole object or its head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Floats
from detectors.masks import Mask
from tracker.privacy.policy import Manner

MARGIN = 0.08  # of a box's sides, by which it is grown: boxes tremble, and shoes and hands stick out
GROWTH = 0.6  # sizes a second by which it grows more while nobody sees the object
LEAST = 3.0  # pixels of any margin
HEAD_HEIGHT, HEAD_WIDTH = 0.24, 0.6
"""How much of a person's height, or of the width of a box that shows less than all of one, is taken up by the head."""
SMALLEST_SHARE = 0.3  # of its box that a mask covers at least, or else it is not trusted


@dataclass(frozen=True, eq=False)
class Cover:
    """One thing to hide in a frame. box: ``(4,)`` xyxy pixels, with its margin. mask: within it; None for all of it."""

    manner: Manner
    box: Floats
    mask: Mask | None = None


def cover_of(manner: Manner, box: Floats, mask: Mask | None = None, unseen: float = 0.0) -> Cover:
    """What hides an object with a `box` ``(4,)``. unseen: seconds since, or until, anybody saw it where it is now."""
    trusted = mask is not None and unseen == 0 and mask.area >= SMALLEST_SHARE * float(np.prod(box[2:] - box[:2]))
    around = head_of(box) if manner.head else box
    return Cover(manner, grown(around, MARGIN + GROWTH * unseen), mask if trusted else None)


def head_of(box: Floats) -> Floats:
    """The part of a person's box ``(4,)`` with the head: of who lies, or is seen from close by, more or all of it."""
    width, height = box[2:] - box[:2]
    return np.array([*box[:3], box[1] + min(height, max(HEAD_HEIGHT * height, HEAD_WIDTH * width))])


def grown(box: Floats, share: float) -> Floats:
    """The box ``(4,)`` with a margin on each side, a share of the mean of its sides."""
    margin = max(LEAST, share * float((box[2:] - box[:2]).mean()))
    return box + margin * np.array([-1.0, -1.0, 1.0, 1.0])
