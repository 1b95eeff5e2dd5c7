"""The lines that tracks leave behind them: by time, smooth, and ending where the box stands."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from detectors.base import Floats, Frame, Image
from tracker.association.tracks import Tracks
from tracker.drawing.labels import Colour

LENGTH = 1.5  # seconds
SMOOTHED = 0.2  # seconds to both sides: boxes jitter, objects do not
POINTS = 120  # of a trail at most, at whatever frame rate

SHIFT = 4  # bits of a pixel's fraction in OpenCV's line coordinates
SUBPIXEL = 1 << SHIFT


class Trails:
    """Where the feet of the tracks have been."""

    def __init__(self) -> None:
        self._points: dict[int, deque[tuple[float, float, float]]] = {}

    def remember(self, frame: Frame, tracks: Tracks) -> None:
        """Add the places of the tracks, and forget older ones; after a cut all of them."""
        if frame.cut:
            self._points.clear()
        for track_id, (x1, _, x2, y2) in zip(tracks.track_ids.tolist(), tracks.boxes.tolist(), strict=True):
            trail = self._points.setdefault(track_id, deque())
            if len(trail) > 1 and trail[-1][0] - trail[-2][0] < LENGTH / POINTS:
                trail.pop()  # more frames a second than a line can show
            trail.append((frame.time, (x1 + x2) / 2, y2))
        for track_id, trail in list(self._points.items()):
            while trail and frame.time - trail[0][0] > LENGTH:
                trail.popleft()
            if not trail:
                del self._points[track_id]

    def draw(self, picture: Image, track_id: int, now: float, line: int, colour: Colour) -> None:
        """Draw the line of a track, thinner with age."""
        trail = np.array(self._points[track_id])
        points = np.rint(smoothed(trail) * SUBPIXEL).astype(np.int32)
        widths = np.maximum(1, np.rint(line * (1 - (now - trail[:-1, 0]) / LENGTH))).astype(np.int64)
        for width in np.unique(widths):
            rows = np.flatnonzero(widths == width)  # neighbours, as a trail only grows wider
            run = points[rows[0] : rows[-1] + 2]
            cv2.polylines(picture, [run], False, colour, int(width), cv2.LINE_AA, SHIFT)


def smoothed(trail: Floats) -> Floats:
    """Points ``(N, 2)`` of a trail ``(N, 3)`` of times, x and y: each the mean of those around it.

    The window reaches equally far to both sides, so that the line does not lag, and shrinks to nothing at its ends.
    """
    rows, last = np.arange(len(trail)), len(trail) - 1
    step = max((trail[-1, 0] - trail[0, 0]) / max(1, last), 1e-6)
    reach = np.minimum(np.minimum(rows, last - rows), round(SMOOTHED / step))
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(trail[:, 1:], axis=0)])
    return np.asarray((sums[rows + reach + 1] - sums[rows - reach]) / (2 * reach + 1)[:, None])
