"""Tracks drawn on a frame: boxes, labels and trails, in one colour for each track id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from detectors.base import Floats, Frame, Image
from detectors.columns import KEYPOINTS, masks_in
from tracker.association.tracks import Tracks
from tracker.drawing.colours import TrackColours
from tracker.drawing.keypoints import draw_keypoints
from tracker.drawing.label_layout import LabelLayout
from tracker.drawing.labels import INK, Colour, line_width, make_tag, paste, tag_size, text_size
from tracker.drawing.masks import draw_mask
from tracker.drawing.parts import PARTS
from tracker.drawing.regions import RegionPainter
from tracker.drawing.trails import Trails
from tracker.regions.activity import Activity

if TYPE_CHECKING:  # it needs ONNX Runtime, which only a run with a model has
    from tracker.drawing.segments import SegmentPainter

FINE = 10  # of a line's widths an object is wide and high at least
EDGED = 16  # pixels, from which on a box has a dark edge


class Annotator:
    """Draws the tracks of successive frames.

    class_names: class id -> name, for the labels. in_place: draw on the frames' own pictures, for a caller who does
    not look at them afterwards; else on copies. activity: knows regions and what was counted in them, to be drawn too.
    parts: what is drawn, of `PARTS`. segments: draws the class of each pixel below all that.
    """

    def __init__(
        self,
        class_names: Mapping[int, str],
        in_place: bool = False,
        activity: Activity | None = None,
        parts: Collection[str] = PARTS,
        segments: SegmentPainter | None = None,
    ) -> None:
        self._names, self._parts, self._segments = class_names, parts, segments
        self._in_place = in_place
        self._ground = None if activity is None else activity.ground
        places = activity is not None and bool(activity.regions) and "regions" in parts
        self._regions = RegionPainter(activity) if activity is not None and places else None
        self._trails, self._colours, self._layout = Trails(), TrackColours(), LabelLayout()

    def draw(self, frame: Frame, tracks: Tracks) -> Image:
        """The frame's picture with its tracks: masks, trails, boxes, keypoints, labels, each over those."""
        picture: Image = frame.image if self._in_place else frame.image.copy()
        line = line_width(picture)
        tracks = replace(tracks, boxes=_near(tracks.boxes, picture))
        self._trails.remember(frame, tracks)
        self._colours.update(tracks)
        if self._segments is not None:
            self._segments.draw(picture)
        if self._regions is not None:
            self._regions.draw_below(picture)
        self._draw_tracks(picture, frame, tracks, line)
        if "labels" in self._parts:
            self._draw_labels(picture, tracks, line)
        if self._regions is not None:
            self._regions.draw_above(picture)
        return picture

    def _draw_tracks(self, picture: Image, frame: Frame, tracks: Tracks, line: int) -> None:
        """Draw all of the tracks but their labels, each kind of all tracks below the next."""
        ids, columns = tracks.track_ids.tolist(), tracks.columns
        for track_id, mask in zip(ids, masks_in(columns, len(tracks)), strict=True) if "masks" in self._parts else ():
            if mask is not None:
                draw_mask(picture, mask, self._colours[track_id], line)
        for track_id, box in zip(ids, tracks.boxes, strict=True) if "trails" in self._parts else ():
            self._trails.draw(picture, track_id, frame.time, fine(box, line), self._colours[track_id])
        for track_id, box in zip(ids, tracks.boxes, strict=True) if "boxes" in self._parts else ():
            draw_box(picture, box, self._colours[track_id], line)
        if KEYPOINTS in columns and "keypoints" in self._parts:
            for track_id, points in zip(ids, columns[KEYPOINTS], strict=True):
                draw_keypoints(picture, points, self._colours[track_id], line)

    def _draw_labels(self, picture: Image, tracks: Tracks, line: int) -> None:
        """Draw tags beside the boxes: number, class and score, or less of it where many stand together."""
        height, width = picture.shape[:2]
        size = text_size(picture)
        forms = [self._forms(*row) for row in zip(tracks.track_ids, tracks.class_ids, tracks.scores, strict=True)]
        sizes = np.array([[tag_size(words, size) for words in each] for each in forms], dtype=np.float64)
        around = tracks.boxes + (line // 2 + 1) * np.array([-1, -1, 1, 1])
        seen = np.clip(around, 0, [width, height, width, height])
        ids = tracks.track_ids.tolist()
        for track_id, words, place in zip(
            ids, forms, self._layout.place(ids, seen, sizes, (height, width)), strict=True
        ):
            if place is not None:
                paste(picture, make_tag(words[place.form], self._colours[track_id], size), place.left, place.top)

    def _forms(self, track_id: int, class_id: int, score: float) -> list[tuple[str, ...]]:
        """What a label may say, the longest first."""
        name = self._names.get(int(class_id), "").split()
        if (speed := self._speed(int(track_id))) is not None:
            return [(str(track_id), *name, speed, "km/h"), (str(track_id), speed, "km/h"), (str(track_id),)]
        return [(str(track_id), *name, f"{score:.2f}"), (str(track_id), *name), (str(track_id),)]

    def _speed(self, track_id: int) -> str | None:
        """Kilometres an hour, None where they are not known; a tenth would only tremble."""
        track = None if self._ground is None else self._ground.of(track_id)
        return None if track is None or track.kmh is None else f"{track.kmh:.0f}"


def fine(box: Floats, line: int) -> int:
    """The width of a line for an object: no more than a tenth of its box's shorter side, but a pixel."""
    return max(1, min(line, int((box[2:] - box[:2]).min()) // FINE))


def draw_box(picture: Image, box: Floats, colour: Colour, line: int) -> None:
    """Outline a box ``(4,)``, with a dark edge; finer where the object is so small that the line would hide it."""
    x1, y1, x2, y2 = (round(float(edge)) for edge in box)
    corners, line = ((x1, y1), (x2 - 1, y2 - 1)), fine(box, line)
    if min(x2 - x1, y2 - y1) >= EDGED:
        cv2.rectangle(picture, *corners, INK, line + 2)
    cv2.rectangle(picture, *corners, colour, line)


def _near(boxes: Floats, picture: Image) -> Floats:
    """Boxes clipped far outside the picture, where OpenCV's integers would overflow."""
    far = 4.0 * max(picture.shape[:2])
    return np.clip(boxes, -far, far)
