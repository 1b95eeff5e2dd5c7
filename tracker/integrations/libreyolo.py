"""For LibreYOLO (MIT): a tracker for ``model.track``.

model = LibreYOLO("LibreYOLOXs.pt")
for result in model.track("video.mp4", tracker=LibreyoloTracker()):
    print(result.track_id)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, Preset


class LibreyoloTracker:
    """The methods that LibreYOLO's protocol of trackers asks for. preset, frame_rate: as of `Tracker`."""

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self.tracker = Tracker(preset, frame_rate)

    def reset(self) -> None:
        """Begin another video: numbers count from 1 again."""
        self.tracker.reset()

    def update(self, results: Any, image: Any = None) -> Any:
        """The ``Results`` that belong to tracks, in their order, with ``track_id``. image: of Pillow, RGB.

        Raises ValueError for anything but the results of one picture.
        """
        if not hasattr(results, "boxes"):
            raise ValueError(f"results are {type(results).__name__}, not LibreYOLO's Results of one picture")
        picture = None if image is None else np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
        tracks = self.tracker.update(results, frame=picture)
        order = np.argsort(tracks.rows)
        tracked = results[tracks.rows[order]]
        ids = tracks.track_ids[order]
        conf = tracked.boxes.conf
        tracked.track_id = conf.new_tensor(ids).long() if hasattr(conf, "new_tensor") else ids
        return tracked
