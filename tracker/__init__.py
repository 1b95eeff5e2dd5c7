"""Frames and detections -> tracks, and everything a person does with them.

from tracker import track          the whole job: for frame, tracks in track("video.mp4")
from tracker import Tracker        association alone: tracks = tracker.update(detections)

Names are imported when they are asked for, so that `Tracker` loads neither OpenCV nor a model library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detectors import Detections as Detections
    from detectors import Frame as Frame
    from detectors import InputError as InputError
    from detectors.masks import Mask as Mask
    from tracker.association.engine import Tracker as Tracker
    from tracker.association.presets import PRESETS as PRESETS
    from tracker.association.presets import Preset as Preset
    from tracker.association.tracks import Tracks as Tracks
    from tracker.run.track import track as track

__version__ = "0.2.0"

_HOMES = {
    "Detections": "detectors",
    "Frame": "detectors",
    "InputError": "detectors",
    "Mask": "detectors.masks",
    "PRESETS": "tracker.association.presets",
    "Preset": "tracker.association.presets",
    "Tracker": "tracker.association.engine",
    "Tracks": "tracker.association.tracks",
    "track": "tracker.run.track",
}

__all__ = ["PRESETS", "Detections", "Frame", "InputError", "Mask", "Preset", "Tracker", "Tracks", "track"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
