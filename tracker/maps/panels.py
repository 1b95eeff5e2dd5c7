"""Several maps of one scene beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import cv2
import numpy as np

from detectors.base import Image
from tracker.maps.legend import PAPER, name_panel

GAP = 4  # pixels between panels


def in_panels(pictures: Sequence[Image], names: Sequence[str], width: int, letters: int) -> Image:
    """Pictures of one size side by side, all together `width` pixels wide; a single one as it is, with no name.

    letters: the height of the names in pixels.
    """
    if len(pictures) == 1:
        return pictures[0]
    columns = ceil(sqrt(len(pictures)))
    wide = (width - (columns - 1) * GAP) // columns
    high = max(1, round(pictures[0].shape[0] * wide / pictures[0].shape[1]))
    rows = ceil(len(pictures) / columns)
    sheet = np.full((rows * high + (rows - 1) * GAP, width, 3), PAPER, np.uint8)
    for place, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        panel = np.asarray(cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
        name_panel(panel, name, letters)
        row, column = divmod(place, columns)
        top, left = row * (high + GAP), column * (wide + GAP)
        sheet[top : top + high, left : left + wide] = panel
    return sheet
