"""One colour for each track, never that of another one in sight."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

import cv2
import numpy as np

from detectors.base import Floats, Ints
from tracker.association.tracks import Tracks
from tracker.drawing.labels import Colour

GOLDEN_ANGLE = 137.50776  # degrees of hue between two ids: neighbours differ much, and hues hardly repeat
LIGHTNESS = (74, 62, 84)  # of CIELAB: never dark, so that dark text and dark outlines suit all colours
CHROMA = 62
ALIKE = 60.0  # of CIELAB: colours that are nearer to each other are taken for one at a glance
CHOICES = 36  # colours to choose another one from
NEAR = 3.0  # sizes of the object: how far off another one is a neighbour
FAR_WEIGHT = 0.25  # of one anywhere else in the picture, against a neighbour
MOST = 10_000  # tracks of which the colour is remembered


@lru_cache(maxsize=4096)
def colour_of(track_id: int) -> Colour:
    """The BGR colour of a track id, the same in every run; bright enough for dark text and dark pictures."""
    hue = np.deg2rad(GOLDEN_ANGLE * track_id)
    lab = [LIGHTNESS[track_id % len(LIGHTNESS)], CHROMA * np.cos(hue), CHROMA * np.sin(hue)]
    b, g, r = cv2.cvtColor(np.array([[lab]], dtype=np.float32), cv2.COLOR_Lab2BGR)[0, 0]
    return round(float(b) * 255), round(float(g) * 255), round(float(r) * 255)


@lru_cache(maxsize=4096)
def _lab(track_id: int) -> Floats:
    """The same in CIELAB ``(3,)``, as a screen can show it."""
    shown = np.array([[colour_of(track_id)]], dtype=np.float32) / 255
    return np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2Lab)[0, 0], dtype=np.float64)


class TrackColours:
    """Colours of the tracks of one run: each has that of its id, unless another track in sight has much the same.

    Whoever is told of the same frames gives the same colours.
    """

    def __init__(self) -> None:
        self._chosen: dict[int, int] = {}  # track id -> the id whose colour it has, mostly its own
        self._seen: set[int] = set()

    def __getitem__(self, track_id: int) -> Colour:
        """The BGR colour of a track."""
        return colour_of(self._chosen.get(track_id, track_id))

    def update(self, tracks: Tracks) -> None:
        """Choose the colours of tracks that were not there in the frame before."""
        ids: Ints = tracks.track_ids
        present = set(ids.tolist())
        for row in [row for row, track_id in enumerate(ids.tolist()) if track_id not in self._seen]:
            self._choose(row, tracks, np.array([each in self._seen for each in ids.tolist()]))
            self._seen.add(int(ids[row]))
        self._seen &= present
        gone = (track_id for track_id in self._chosen if track_id not in self._seen)
        for track_id in list(islice(gone, max(0, len(self._chosen) - MOST))):
            del self._chosen[track_id]

    def _choose(self, row: int, tracks: Tracks, others: np.ndarray) -> None:
        """The first of `CHOICES` colours, from its own on, that disturbs nobody, or that disturbs least.

        Who was there before keeps his colour, whoever has much the same by now.
        """
        track_id = int(tracks.track_ids[row])
        if track_id in self._chosen:
            return
        self._chosen[track_id] = track_id
        if not others.any():
            return
        weights = _closeness(tracks.boxes[row], tracks.boxes[others])
        theirs = np.array([_lab(self._chosen.get(each, each)) for each in tracks.track_ids[others].tolist()])
        mine = np.array([_lab(track_id + step) for step in range(CHOICES)])
        likeness = np.maximum(0, 1 - np.linalg.norm(mine[:, None] - theirs, axis=2) / ALIKE)
        disturbed = likeness @ weights
        step = int(np.argmin(disturbed))  # the first of equals
        if disturbed[0] > 0:
            self._chosen[track_id] += step


def _closeness(box: Floats, others: Floats) -> Floats:
    """Weights ``(N,)`` of other boxes: 1 for one in the same place, less the farther off it is."""
    middle, size = (box[:2] + box[2:]) / 2, max(1.0, float((box[2:] - box[:2]).max()))
    distance = np.linalg.norm((others[:, :2] + others[:, 2:]) / 2 - middle, axis=1)
    return np.asarray(FAR_WEIGHT + (1 - FAR_WEIGHT) * np.exp(-distance / (NEAR * size)))
