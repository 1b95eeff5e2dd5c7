"""Optical flow: where points of one grey picture are in the next."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.base import Bools, Floats, Image

WINDOW = (15, 15)  # pixels that are compared around a point
LEVELS = 3  # of the image pyramid: with this window, steps of a sixteenth of a picture are followed
STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.03)
MAX_BACKWARD_ERROR = 0.5  # pixels by which flow forth and back may miss its start
COARSE = 4  # pixels each way that are one where a large shift is estimated


def track_points(before: Image, now: Image, points: Floats, shift: Floats | None = None) -> tuple[Floats, Bools]:
    """Where the points ``(N, 2)`` of one grey picture are in the next, ``(N, 2)``, and which were surely found.

    shift: ``(2,)`` pixels by which they are expected to have moved; 0 if left out. A point is surely found if flow
    back leads to where it came from (Kalal et al., "Forward-backward error: Automatic detection of tracking failures",
    2010).
    """
    if not len(points):
        return points, np.empty(0, dtype=bool)
    found, forth = optical_flow(before, now, points, points if shift is None else points + shift, LEVELS)
    # No pyramid is needed on the way back: it starts where it should end, and leaves if that is wrong.
    again, back = optical_flow(now, before, found, points, levels=0)
    sure = forth & back & (np.abs(again - points).max(axis=1) <= MAX_BACKWARD_ERROR)
    return found, np.asarray(sure)


def optical_flow(before: Image, now: Image, points: Floats, guess: Floats, levels: int) -> tuple[Floats, Bools]:
    """Where the points ``(N, 2)``, N > 0, may be in the next picture, ``(N, 2)``, and which were not lost.

    guess: ``(N, 2)``, where to start the search. levels: of the pyramid; 0 finds what is a few pixels away.

    Lucas-Kanade on image pyramids (Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker", 2000).
    """
    found, held, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        points.astype(np.float32),
        guess.astype(np.float32),
        winSize=WINDOW,
        maxLevel=levels,
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(found, dtype=np.float64), np.asarray(held).ravel() == 1


def global_shift(before: Image, now: Image) -> Floats:
    """The shift ``(2,)`` in pixels of a grey picture as a whole, however large; arbitrary if there is none.

    Phase correlation of coarse pictures (Kuglin and Hines, "The phase correlation image alignment method", 1975).
    """
    a, b = (
        cv2.resize(grey, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
        for grey in (before, now)
    )
    window = cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(a - a.mean(), b - b.mean(), window)
    return COARSE * np.asarray(shift)
