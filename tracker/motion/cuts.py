"""Cuts: where one shot ends and another begins, and all tracks end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from detectors.base import Floats, Frame, Image

THUMBNAIL = (32, 18)  # pixels, width and height: coarse enough that objects hardly matter, fine enough for a scene
MIN_CORRELATION = 0.4  # correlation below which two pictures show different scenes; motion and flashes stay above 0.5
MIN_CHANGE = 10.0  # mean grey levels; less is noise in a dark or flat picture


def mark_cuts(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames, with `cut` set on the first frame of each new shot.

    Compares thumbnails of neighbouring frames by their correlation, which a change of brightness (a flash, a fade, the
    camera's exposure) leaves alone. Frames without a picture pass as they are.
    """
    before: Floats | None = None
    for frame in frames:
        if not frame.image.size:
            yield frame
            continue
        now = _thumbnail(frame.image)
        cut = before is not None and _different(before, now)
        before = now
        yield replace(frame, cut=True) if cut else frame


def _thumbnail(image: Image) -> Floats:
    """Grey picture ``(18, 32)`` in floating point."""
    import cv2  # a run without pictures does without

    # Every fourth pixel is enough for an average over thousands, and reads a sixteenth of the picture.
    coarse = image[::4, ::4] if min(image.shape[:2]) >= 4 * max(THUMBNAIL) else image
    small = cv2.resize(coarse, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.float64)


def _different(a: Floats, b: Floats) -> bool:
    if np.abs(a - b).mean() < MIN_CHANGE:
        return False
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return scale == 0.0 or float((a * b).sum()) / scale < MIN_CORRELATION
