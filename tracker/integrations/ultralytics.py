"""For ultralytics (AGPL-3.0, installed by you): a tracker beside ``bytetrack.yaml``.

register()
model = YOLO("yolo11n.pt")
results = model.track("video.mp4", tracker="keeptrack.yaml")
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Floats, Image
from detectors.errors import InputError
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT

NAME = "keeptrack"
SETTINGS = f"""# Written by keeptrack.integrations.ultralytics.register(). preset: a name in keeptrack.PRESETS.
tracker_type: {NAME}
preset: {DEFAULT}
"""


class UltralyticsTracker:
    """The methods that ``model.track`` calls. args: the settings of the .yaml file. frame_rate: frames a second."""

    def __init__(self, args: Any = None, frame_rate: float = 30.0) -> None:
        self.tracker = Tracker(getattr(args, "preset", DEFAULT), frame_rate)

    def update(self, results: Any, img: Image | None = None, feats: Any = None) -> Floats:
        """``(M, 8)`` x1, y1, x2, y2, track id, score, class, row of the detection. feats: not used."""
        tracks = self.tracker.update(results, frame=img)
        columns = (tracks.boxes, tracks.track_ids, tracks.scores, tracks.class_ids, tracks.rows)
        return np.column_stack(columns).astype(np.float32)

    def reset(self) -> None:
        """Begin another video: numbers count from 1 again."""
        self.tracker.reset()


def register() -> Path:
    """Make ``tracker="keeptrack.yaml"`` known to ultralytics in this program; returns the path of that file.

    Raises InputError where ultralytics is not installed, or keeps its trackers elsewhere.
    """
    try:
        trackers = import_module("ultralytics.trackers.track").TRACKER_MAP
        folder = Path(str(import_module("ultralytics.cfg").__file__)).parent / "trackers"
    except (ImportError, AttributeError) as error:
        raise InputError("ultralytics", f"its trackers are not found: {error}", "pip install ultralytics lap") from None
    trackers[NAME] = UltralyticsTracker
    path = folder / f"{NAME}.yaml"
    try:
        if not path.exists() or path.read_text(encoding="utf-8") != SETTINGS:
            path.write_text(SETTINGS, encoding="utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror}", "make the folder writable, once") from None
    return path
