"""Where a run stands, for those who show it while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tracker.association.tracks import Tracks
from tracker.regions.class_counts import ClassCounts, count_classes


class RunState:
    """What is known after each frame.

    frames: so far in this pass. boxes: of tracks in them, all together. present: objects in the last frame, by the name
    of their class. latency: seconds from the moment that the last frame of a live source was taken to the moment that
    it was done. warnings: what the user should know, complete once the run is left.
    """

    def __init__(self) -> None:
        self.frames = self.boxes = 0
        self.present: Counter[str] = Counter()
        self.latency = 0.0
        self.warnings: list[str] = []
        self._counts = ClassCounts()

    def see(self, tracks: Tracks, class_names: Mapping[int, str]) -> None:
        """Take in the tracks of another frame. class_names: of the detector."""
        self._counts.update(tracks)
        self.frames += 1
        self.boxes += len(tracks)
        self.present = count_classes(tracks.class_ids, class_names)

    def class_counts(self, class_names: Mapping[int, str]) -> Counter[str]:
        """How many tracks there have been, by the name of their class."""
        return self._counts.by_name(class_names)
