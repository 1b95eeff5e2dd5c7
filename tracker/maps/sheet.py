"""The sheet that maps of a run are drawn on: the picture's own size, within what is comfortable to look at."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.base import Floats, Image
from tracker.maps.muting import BRIGHTNESS, muted

NARROWEST, WIDEST = 960, 1920  # pixels: below, a legend would find no room


@dataclass(frozen=True)
class Sheet:
    """A sheet for a picture. width, height: pixels. scale: of its pixels, in pixels of the picture."""

    width: int
    height: int
    scale: float
    title: str = "paths"

    @classmethod
    def of(cls, width: int, height: int) -> Sheet:
        """The sheet for pictures of this size, both above 0."""
        scale = min(max(width, NARROWEST), WIDEST) / width
        scale = min(scale, 4.0 * WIDEST / height)  # of a picture that is a strip
        return cls(max(1, round(width * scale)), max(1, round(height * scale)), scale)

    def places(self, points: Floats) -> Floats:
        """Points ``(N, 2)`` of the picture on the sheet."""
        return points * self.scale

    def ground(self, background: Image) -> Image:
        """The scene as it lies below a map."""
        return muted(background, BRIGHTNESS)
