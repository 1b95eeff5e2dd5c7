"""The sheet of ``--top-view``: the ground from above, with the picture laid on it and a grid in metres."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from detectors.base import Floats, Image
from tracker.drawing.fonts import font_for
from tracker.ground_plane.calibration import Calibration
from tracker.ground_plane.extent import shown_well, turns
from tracker.ground_plane.homography import Homography
from tracker.maps.colour_scale import round_up
from tracker.maps.legend import INK
from tracker.maps.muting import muted
from tracker.maps.sheet import Sheet

LONGEST, NARROWEST = 1400, 700  # pixels of the sheet's longer side, and of its width
MARGIN = 0.03  # of the ground's extent
LINES = 12  # of the grid along the longer side, about
BRIGHTNESS, GRID = 0.6, 34  # of the picture below, and how much brighter the grid is


@dataclass(frozen=True, eq=False)
class GroundSheet:
    """A sheet for the ground. width, height: pixels. matrix: ``(3, 3)``, from metres to its pixels.

    picture: the sheet that backgrounds come on. homography: of the picture's pixels.
    """

    width: int
    height: int
    matrix: Floats
    picture: Sheet
    homography: Homography
    title: str = "paths from above"

    @classmethod
    def of(cls, calibration: Calibration, size: tuple[int, int]) -> GroundSheet:
        """The sheet for a ground, as much of it as a picture of this size shows well."""
        places = shown_well(calibration, size)
        low, high = places.min(axis=0), places.max(axis=0)
        low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
        scale = LONGEST / float((high - low).max())
        width, height = np.maximum(np.ceil((high - low) * scale), 1).astype(int).tolist()
        wide = max(width, NARROWEST)
        up = turns(calibration)
        offset = (wide - width) / 2
        y = [0, -scale, high[1] * scale] if up else [0, scale, -low[1] * scale]
        matrix = np.array([[scale, 0, offset - low[0] * scale], y, [0, 0, 1.0]])
        return cls(wide, height, matrix, Sheet.of(*size), calibration.homography)

    def places(self, points: Floats) -> Floats:
        """Points ``(N, 2)`` of the picture on the sheet; those that are not on the ground are left out."""
        metres = self.homography.to_metres(points)
        metres = metres[np.isfinite(metres).all(axis=1)]
        return np.asarray(metres * np.diag(self.matrix)[:2] + self.matrix[:2, 2])

    def ground(self, background: Image) -> Image:
        """The scene from above, in grey, with a grid."""
        to_sheet = self.matrix @ self.homography.matrix @ np.diag([1 / self.picture.scale, 1 / self.picture.scale, 1.0])
        back = np.linalg.inv(to_sheet)
        x, y = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        weights = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        warped = cv2.warpPerspective(background, to_sheet, (self.width, self.height), flags=cv2.INTER_LINEAR)
        grey = muted(np.asarray(warped, np.uint8), BRIGHTNESS)
        grey[weights <= 0] = 0  # what lies behind the camera
        return self._with_grid(grey)

    def _with_grid(self, grey: Image) -> Image:
        scale = float(self.matrix[0, 0])
        step = round_up(max(self.width, self.height) / scale / LINES)
        for axis, length in ((1, self.width), (0, self.height)):
            ends = (np.array([0, length]) - self.matrix[1 - axis, 2]) / self.matrix[1 - axis, 1 - axis]
            for number in np.arange(np.ceil(min(ends) / step), np.floor(max(ends) / step) + 1):
                at = round(float(number * step * self.matrix[1 - axis, 1 - axis] + self.matrix[1 - axis, 2]))
                line = (slice(None), slice(at, at + 1)) if axis else (slice(at, at + 1), slice(None))
                grey[line] = np.minimum(grey[line].astype(np.int16) + GRID, 255).astype(np.uint8)
        return _with_bar(grey, step, step * scale)


def _with_bar(picture: Image, metres: float, length: float) -> Image:
    """The picture with a bar at its lower left that tells how long a step of the grid is."""
    size = max(13, picture.shape[1] // 88)
    canvas = PillowImage.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
    pen, ink = ImageDraw.Draw(canvas), (INK[2], INK[1], INK[0])
    left, bottom = size, picture.shape[0] - size
    pen.line([(left, bottom), (left + length, bottom)], fill=ink, width=max(2, size // 6))
    for end in (left, left + length):
        pen.line([(end, bottom - size / 2), (end, bottom)], fill=ink, width=max(2, size // 6))
    text, font = font_for(f"{metres:g} m", size)
    pen.text((left + length / 2, bottom - size / 2), text, fill=ink, font=font, anchor="mb")
    return np.ascontiguousarray(np.asarray(canvas)[:, :, ::-1])
