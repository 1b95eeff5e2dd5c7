"""The best picture of each object so far, small."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from detectors.base import Bools, Floats, Frame, Image
from tracker.association.tracks import Tracks

SIDE = 96  # pixels of the longer side
MARGIN = 1.15  # side of the square that is cut out, in longer sides of the box
BETTER = 1.2  # times as good as the best so far, to take its place
PERIOD = 0.2  # seconds between two looks; a better view lasts longer than that
MOST_A_LOOK = 6  # crops; the others come with the next look
MOST = 60  # objects that are remembered, but for those who are there: some come back
SMALLEST = 6  # pixels of a box's shorter side


class Crop(NamedTuple):
    """image: ``(h, w, 3)`` BGR. worth: to be compared with. version: from 1, grows with every better one."""

    image: Image
    worth: float
    version: int


class Crops:
    """Cuts out each object where it is large, surely found, and not hidden. Reading is safe from other threads."""

    def __init__(self) -> None:
        self._crops: dict[int, Crop] = {}  # who was seen last comes last
        self._next = -np.inf  # seconds of a frame's time from which to look again
        self._newest = 0  # the largest number so far

    def get(self, track_id: int) -> Crop | None:
        """The best crop of an object, if there is any."""
        return self._crops.get(track_id)

    def version(self, track_id: int) -> int:
        """The number of an object's best crop, 0 for none."""
        crop = self._crops.get(track_id)
        return 0 if crop is None else crop.version

    def see(self, frame: Frame, tracks: Tracks) -> None:
        """Look at a frame's picture, before it is drawn on."""
        if not frame.image.size or not len(tracks):
            return
        newest = int(tracks.track_ids.max())
        if frame.time < self._next and newest <= self._newest:  # who is new is not kept waiting
            return
        self._newest = max(newest, self._newest)
        self._next = frame.time + PERIOD
        worth = worth_of(tracks, frame.image.shape[1], frame.image.shape[0])
        known = [self._crops.get(track_id) for track_id in tracks.track_ids.tolist()]
        gain = worth / np.array([crop.worth if crop else 1e-9 for crop in known])
        for row in np.argsort(-gain)[:MOST_A_LOOK]:
            if gain[row] < BETTER or not worth[row]:
                break
            self._take(frame.image, int(tracks.track_ids[row]), tracks.boxes[row], float(worth[row]))
        if len(self._crops) > MOST:
            self._forget(set(tracks.track_ids.tolist()))

    def _take(self, picture: Image, track_id: int, box: Floats, worth: float) -> None:
        before = self._crops.pop(track_id, None)
        self._crops[track_id] = Crop(cut_out(picture, box), worth, before.version + 1 if before else 1)

    def _forget(self, present: set[int]) -> None:
        """Keep those who are there, and of the others the ones that came last."""
        gone = [track_id for track_id in self._crops if track_id not in present]
        for track_id in gone[: max(0, len(self._crops) - MOST)]:
            del self._crops[track_id]


def worth_of(tracks: Tracks, width: int, height: int) -> Floats:
    """How good a view of each object ``(N,)`` this is; 0 where it was not seen in this very frame."""
    seen = ~tracks.carried & (tracks.time_since_update <= 0)
    return worth_of_boxes(tracks.boxes, tracks.scores, seen, width, height)


def worth_of_boxes(boxes: Floats, scores: Floats, seen: Bools, width: float, height: float) -> Floats:
    """How good a view ``(N,)`` the boxes ``(N, 4)`` of one frame give: size times score times share that nothing hides.

    scores: ``(N,)``. seen: ``(N,)``, 0 is the worth of those that are not. width, height: of the picture in pixels.
    """
    x1, y1, x2, y2 = boxes.T
    sides = np.minimum(x2 - x1, y2 - y1)
    area = np.maximum((x2 - x1) * (y2 - y1), 1e-9)
    inside = np.clip(np.minimum(x2, width) - np.maximum(x1, 0), 0, None)
    inside = inside * np.clip(np.minimum(y2, height) - np.maximum(y1, 0), 0, None) / area
    across = np.minimum.outer(x2, x2) - np.maximum.outer(x1, x1)
    down = np.minimum.outer(y2, y2) - np.maximum.outer(y1, y1)
    nearer = y2[None, :] > y2[:, None]  # who stands lower stands in front
    hidden = (np.clip(across, 0, None) * np.clip(down, 0, None) * nearer / area[:, None]).max(axis=1, initial=0)
    worth = np.sqrt(area) * scores * inside**2 * (1 - np.clip(hidden, 0, 1)) ** 2
    return np.where(seen & (sides >= SMALLEST), worth, 0.0)


def cut_out(picture: Image, box: Floats, side: int | None = SIDE) -> Image:
    """A square around a box, as far as the picture goes, at most `side` wide and high; None for as it is."""
    x1, y1, x2, y2 = box
    half = MARGIN * max(x2 - x1, y2 - y1) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = picture.shape[:2]
    left, right = (round(min(max(edge, 0), width)) for edge in (x - half, x + half))
    top, bottom = (round(min(max(edge, 0), height)) for edge in (y - half, y + half))
    part = picture[top:bottom, left:right]
    if not part.size:
        return np.zeros((1, 1, 3), dtype=np.uint8)
    return np.array(part if side is None else shrink(part, side), dtype=np.uint8)


def shrink(picture: Image, side: int = SIDE) -> Image:
    """A picture at most `side` wide and high; the same if it is small enough."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
