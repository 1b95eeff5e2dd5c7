"""Who is faster than allowed: told once, until the object has been clearly slower again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # made by whoever knows how the ground lies
    from tracker.ground_plane.ground_tracks import GroundTracks

SLOWER = 0.9  # of the limit: below that, the object may be told again


class Speeding:
    """Finds the tracks whose speed is above a limit, beyond doubt: by more than its error. limit: km/h."""

    def __init__(self, ground: GroundTracks, limit: float) -> None:
        self._ground, self.limit = ground, limit
        self._told: set[int] = set()

    def update(self, track_ids: list[int]) -> list[int]:
        """The tracks of a frame that have just become too fast."""
        found = []
        for track_id in track_ids:
            track = self._ground.of(track_id)
            if track is None or track.kmh is None or track.kmh_error is None:
                continue
            if track.kmh < SLOWER * self.limit:
                self._told.discard(track_id)
            elif track.kmh - track.kmh_error > self.limit and track_id not in self._told:
                self._told.add(track_id)
                found.append(track_id)
        self._told &= self._ground.tracks.keys()
        return found
