"""Tracks drawn on a frame: boxes, labels and trails, in one colour for each track id."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from detectors.base import Floats, Frame, Image
from detectors.columns import KEYPOINTS
from tracker.association.tracks import Tracks
from tracker.drawing.keypoints import draw_keypoints
from tracker.drawing.labels import INK, Colour, line_width, make_tag, paste, text_size
from tracker.drawing.regions import RegionPainter
from tracker.regions.activity import Activity

GOLDEN_ANGLE = 137.50776  # degrees of hue between two ids: neighbours differ much, and hues hardly repeat
LIGHTNESS = (74, 62, 84)  # of CIELAB: never dark, so that dark text and dark outlines suit all colours
CHROMA = 62
TRAIL = 1.5  # seconds
SMOOTHING = 0.25  # share of a new position in the trail; boxes jitter, objects do not

SHIFT = 4  # bits of a pixel's fraction in OpenCV's line coordinates
SUBPIXEL = 1 << SHIFT


@lru_cache(maxsize=512)
def colour_of(track_id: int) -> Colour:
    """The BGR colour of a track id, the same in every run; bright enough for dark text and dark pictures."""
    hue = np.deg2rad(GOLDEN_ANGLE * track_id)
    lab = [LIGHTNESS[track_id % len(LIGHTNESS)], CHROMA * np.cos(hue), CHROMA * np.sin(hue)]
    b, g, r = cv2.cvtColor(np.array([[lab]], dtype=np.float32), cv2.COLOR_Lab2BGR)[0, 0]
    return round(float(b) * 255), round(float(g) * 255), round(float(r) * 255)


class Annotator:
    """Draws the tracks of successive frames.

    class_names: class id -> name, for the labels. in_place: draw on the frames' own pictures, for a caller who does
    not look at them afterwards; else on copies. activity: knows regions and what was counted in them, to be drawn too.
    """

    def __init__(
        self, class_names: Mapping[int, str], in_place: bool = False, activity: Activity | None = None
    ) -> None:
        self._names = class_names
        self._in_place = in_place
        self._regions = RegionPainter(activity) if activity is not None and activity.regions else None
        self._trails: dict[int, deque[tuple[float, float, float]]] = {}

    def draw(self, frame: Frame, tracks: Tracks) -> Image:
        """The frame's picture with its tracks: boxes over trails, keypoints over boxes, labels over all."""
        picture: Image = frame.image if self._in_place else frame.image.copy()
        if frame.cut:
            self._trails.clear()
        line = line_width(picture)
        tracks = replace(tracks, boxes=_near(tracks.boxes, picture))
        self._remember(frame, tracks)
        if self._regions is not None:
            self._regions.draw_below(picture)
        for track_id in tracks.track_ids:
            self._draw_trail(picture, int(track_id), frame.time, line)
        for track_id, box in zip(tracks.track_ids, tracks.boxes, strict=True):
            x1, y1, x2, y2 = (round(float(edge)) for edge in box)
            corners = (x1, y1), (x2 - 1, y2 - 1)
            cv2.rectangle(picture, *corners, INK, line + 2)
            cv2.rectangle(picture, *corners, colour_of(int(track_id)), line)
        if KEYPOINTS in tracks.columns:
            for track_id, points in zip(tracks.track_ids, tracks.columns[KEYPOINTS], strict=True):
                draw_keypoints(picture, points, colour_of(int(track_id)), line)
        for row in np.argsort(tracks.boxes[:, 3], kind="stable"):  # the nearer object's label on top
            self._draw_label(picture, tracks[row : row + 1], line)
        if self._regions is not None:
            self._regions.draw_above(picture)
        return picture

    def _remember(self, frame: Frame, tracks: Tracks) -> None:
        """Add the places of the tracks to their trails, and forget older ones."""
        for track_id, (x1, _, x2, y2) in zip(tracks.track_ids, tracks.boxes, strict=True):
            trail = self._trails.setdefault(int(track_id), deque())
            foot = ((x1 + x2) / 2, y2)
            _, *last = trail[-1] if trail else (frame.time, *foot)
            x, y = (old + SMOOTHING * (new - old) for old, new in zip(last, foot, strict=True))
            trail.append((frame.time, x, y))
        for track_id, trail in list(self._trails.items()):
            while trail and frame.time - trail[0][0] > TRAIL:
                trail.popleft()
            if not trail:
                del self._trails[track_id]

    def _draw_trail(self, picture: Image, track_id: int, now: float, line: int) -> None:
        """Draw a line through the past foot points of an object, thinner with age."""
        trail = np.array(self._trails[track_id])
        points = np.rint(trail[:, 1:] * SUBPIXEL).astype(np.int32)
        widths = np.maximum(1, np.rint(line * (1 - (now - trail[:-1, 0]) / TRAIL))).astype(np.int64)
        for width in np.unique(widths):
            rows = np.flatnonzero(widths == width)  # neighbours, as a trail only grows wider
            run = points[rows[0] : rows[-1] + 2]
            cv2.polylines(picture, [run], False, colour_of(track_id), int(width), cv2.LINE_AA, SHIFT)

    def _draw_label(self, picture: Image, track: Tracks, line: int) -> None:
        """Draw a filled tag above the box, or inside it at the border of the picture."""
        name = self._names.get(int(track.class_ids[0]), "")
        words = [str(track.track_ids[0]), *name.split(), f"{track.scores[0]:.2f}"]
        tag = make_tag(tuple(words), colour_of(int(track.track_ids[0])), text_size(picture))
        x1, y1 = (round(float(edge)) for edge in track.boxes[0, :2])
        paste(picture, tag, x1 - line // 2 - 1, y1 - min(tag.shape[0], picture.shape[0]) - line // 2)


def _near(boxes: Floats, picture: Image) -> Floats:
    """Boxes clipped far outside the picture, where OpenCV's integers would overflow."""
    far = 4.0 * max(picture.shape[:2])
    return np.clip(boxes, -far, far)
