"""One frame of a source, to be drawn on."""

from __future__ import annotations

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources import open_source


def frame_at(source: str, time: float, frame_rate: float | None = None) -> tuple[str, Image]:
    """The name of a source, and its picture ``(H, W, 3)`` BGR at a time in seconds. Raises InputError."""
    opened = open_source(source, frame_rate)
    if not opened.has_images:
        raise InputError(opened.path or opened.name, "has no pictures to draw on", "give a video, or images")
    opened.start = time
    frames = iter(opened.frames)
    try:
        for frame in frames:
            if frame.time >= time - 1e-6:
                return opened.name, frame.image.copy()
    finally:
        close = getattr(frames, "close", None)
        if close is not None:
            close()
    raise InputError(f"--at {time:g}", f"is after the last frame of {opened.name}", "give an earlier time")
