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
    from tracker.engine import Tracker as Tracker
    from tracker.presets import PRESETS as PRESETS
    from tracker.presets import Preset as Preset
    from tracker.run import track as track
    from tracker.tracks import Tracks as Tracks

__version__ = "0.1.0"

_HOMES = {
    "Detections": "detectors",
    "Frame": "detectors",
    "InputError": "detectors",
    "PRESETS": "tracker.presets",
    "Preset": "tracker.presets",
    "Tracker": "tracker.engine",
    "Tracks": "tracker.tracks",
    "track": "tracker.run",
}

__all__ = ["PRESETS", "Detections", "Frame", "InputError", "Preset", "Tracker", "Tracks", "track"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
