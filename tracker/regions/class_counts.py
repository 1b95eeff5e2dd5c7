"""How many objects of each class a run has seen, in memory that does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from detectors.base import Ints
from tracker.association.tracks import Tracks


class ClassCounts:
    """Counts tracks by their class, as of the last frame in which they were seen.

    The `recent` tracks that were seen last are remembered. Older ones are only counted; of who comes back still later,
    the tracker tells.
    """

    def __init__(self, recent: int = 1000) -> None:
        self._recent = recent
        self._classes: dict[int, int] = {}  # by track id, those seen longest ago first
        self._gone: Counter[int] = Counter()

    def update(self, tracks: Tracks) -> None:
        """Take in the tracks of one frame."""
        back = {each.track_id for each in tracks.returns}
        for track_id, class_id in zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), strict=True):
            if self._classes.pop(track_id, None) is None and track_id in back:
                self._gone[class_id] -= 1
            self._classes[track_id] = class_id
        while len(self._classes) > max(self._recent, len(tracks)):
            oldest = next(iter(self._classes))
            self._gone[self._classes.pop(oldest)] += 1

    def by_name(self, names: Mapping[int, str]) -> Counter[str]:
        """Tracks so far by class name. names: by class id; a class without a name is an "object"."""
        return _by_name(self._gone + Counter(self._classes.values()), names)


def count_classes(class_ids: Ints, names: Mapping[int, str]) -> Counter[str]:
    """How many of the ids ``(N,)`` have each class name; names: as for `ClassCounts.by_name`."""
    return _by_name(Counter(class_ids.tolist()), names)


def _by_name(counts: Counter[int], names: Mapping[int, str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for class_id, count in counts.items():
        found[names.get(class_id, "object")] += count
    return found
