"""The best crop of each object so far: a small picture in which it is large, confident and not occluded."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from detectors.base import Bools, Floats, Frame, Image
from tracker.association.tracks import Tracks

SIDE = 96  # pixels of the longer side
MARGIN = 1.15  # side of the square that is cut out, in longer sides of the box
BETTER = 1.2  # times as good as the best so far, to take its place
PERIOD = 0.2  # seconds between two updates; a better view lasts longer than that
MOST_AT_ONCE = 6  # crops in one update; the others follow with the next
MOST = 60  # objects that are remembered beside the present ones: some come back
SMALLEST = 6  # pixels of a box's shorter side


class Crop(NamedTuple):
    """image: ``(h, w, 3)`` BGR. quality: of the view. version: from 1, grows with every better crop."""

    image: Image
    quality: float
    version: int


class BestCrops:
    """Keeps the best crop of each object. Other threads may read."""

    def __init__(self) -> None:
        self._crops: dict[int, Crop] = {}  # by track id, the newest crops last
        self._next = -np.inf  # seconds of a frame's time at which the next update is due
        self._newest = 0  # the largest track id so far

    def get(self, track_id: int) -> Crop | None:
        """The best crop of an object, if there is any."""
        return self._crops.get(track_id)

    def version(self, track_id: int) -> int:
        """The version of an object's best crop, 0 for none."""
        crop = self._crops.get(track_id)
        return 0 if crop is None else crop.version

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take crops from a frame's picture, before it is drawn on."""
        if not frame.image.size or not len(tracks):
            return
        newest = int(tracks.track_ids.max())
        if frame.time < self._next and newest <= self._newest:  # new objects get a crop at once
            return
        self._newest = max(newest, self._newest)
        self._next = frame.time + PERIOD
        qualities = view_quality(tracks, frame.image.shape[1], frame.image.shape[0])
        known = [self._crops.get(track_id) for track_id in tracks.track_ids.tolist()]
        gain = qualities / np.array([crop.quality if crop else 1e-9 for crop in known])
        for row in np.argsort(-gain)[:MOST_AT_ONCE]:
            if gain[row] < BETTER or not qualities[row]:
                break
            self._take(frame.image, int(tracks.track_ids[row]), tracks.boxes[row], float(qualities[row]))
        if len(self._crops) > MOST:
            self._forget(set(tracks.track_ids.tolist()))

    def _take(self, picture: Image, track_id: int, box: Floats, quality: float) -> None:
        before = self._crops.pop(track_id, None)
        self._crops[track_id] = Crop(cut_out(picture, box), quality, before.version + 1 if before else 1)

    def _forget(self, present: set[int]) -> None:
        """Forget the oldest crops of objects that are not present."""
        gone = [track_id for track_id in self._crops if track_id not in present]
        for track_id in gone[: max(0, len(self._crops) - MOST)]:
            del self._crops[track_id]


def view_quality(tracks: Tracks, width: int, height: int) -> Floats:
    """The quality of the view of each track ``(N,)``; 0 for tracks without a detection in this frame."""
    seen = ~tracks.carried & (tracks.time_since_update <= 0)
    return view_quality_of_boxes(tracks.boxes, tracks.scores, seen, width, height)


def view_quality_of_boxes(boxes: Floats, scores: Floats, seen: Bools, width: float, height: float) -> Floats:
    """The quality ``(N,)`` of the view that the boxes ``(N, 4)`` of one frame give: size, score and visible share.

    scores: ``(N,)``. seen: ``(N,)``; those that are not seen get 0. width, height: of the picture in pixels.
    """
    x1, y1, x2, y2 = boxes.T
    sides = np.minimum(x2 - x1, y2 - y1)
    area = np.maximum((x2 - x1) * (y2 - y1), 1e-9)
    inside = np.clip(np.minimum(x2, width) - np.maximum(x1, 0), 0, None)
    inside = inside * np.clip(np.minimum(y2, height) - np.maximum(y1, 0), 0, None) / area
    across = np.minimum.outer(x2, x2) - np.maximum.outer(x1, x1)
    down = np.minimum.outer(y2, y2) - np.maximum.outer(y1, y1)
    nearer = y2[None, :] > y2[:, None]  # lower in the picture means in front
    hidden = (np.clip(across, 0, None) * np.clip(down, 0, None) * nearer / area[:, None]).max(axis=1, initial=0)
    quality = np.sqrt(area) * scores * inside**2 * (1 - np.clip(hidden, 0, 1)) ** 2
    return np.where(seen & (sides >= SMALLEST), quality, 0.0)


def cut_out(picture: Image, box: Floats, side: int | None = SIDE) -> Image:
    """A square around a box, as far as the picture goes, at most `side` wide and high; None for full size."""
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
