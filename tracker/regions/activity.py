"""The events and counts of a run: which objects appear and leave, cross lines, and stay in zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.regions.events import APPEAR, CROSS, ENTER, EXIT, LEAVE, RETURN, SPEED, Event
from tracker.regions.line_crossings import DIRECTIONS, LineCrossings, margins
from tracker.regions.presence import Presence, PresentObject
from tracker.regions.regions import Regions
from tracker.regions.speeding import Speeding
from tracker.regions.zones import Visit, ZoneOccupancy

if TYPE_CHECKING:  # made by whoever knows how the ground lies
    from tracker.ground_plane.ground_tracks import GroundTracks


class Activity:
    """Follows the tracks of every frame, counts crossings and visits, and reports events.

    class_names: of the detector. ground: follows the tracks on the ground, None where it is not known. speed_limit:
    km/h, beyond which an event is told; None for none.
    """

    def __init__(
        self,
        regions: Regions,
        class_names: Mapping[int, str],
        ground: GroundTracks | None = None,
        speed_limit: float | None = None,
    ) -> None:
        self.regions, self.ground = regions, ground
        self._speeding = None if ground is None or speed_limit is None else Speeding(ground, speed_limit)
        self.presence = Presence()
        self._names = class_names
        self._crossings = LineCrossings(regions.lines)
        self._zones = ZoneOccupancy(regions.zones, regions.size)
        self._now = 0.0

    def update(self, frame: Frame, tracks: Tracks) -> list[Event]:
        """Take in the tracks of one frame; returns the events up to it, in order of time for each object."""
        events: list[Event] = []
        if frame.cut:  # who is recognised after it returns
            events += self._departures(self.presence.end_all())
            self._crossings.begin_anew()
        self._now = frame.time
        new, back = self.presence.update(frame, tracks)
        events += [self._event(APPEAR, known) for known in new]
        events += [self._event(RETURN, known, **_reason(tracks, known.track_id)) for known in back]
        if self.regions.lines or self.regions.zones:
            events += self._region_events(frame, tracks)
        if self.ground is not None:
            self.ground.update(frame, tracks, self.regions.anchors(tracks.boxes))
            events += self._speed_events(tracks)
        return events + self.tick(frame.time)

    def tick(self, now: float) -> list[Event]:
        """The events of objects that have left by `now` (seconds); ask also while no frames come."""
        return list(self._departures(self.presence.expired(now)))

    def finish(self) -> list[Event]:
        """The last events: the run is over, and all objects leave."""
        return list(self._departures(self.presence.end_all(), end=True))

    @property
    def has_counts(self) -> bool:
        """Whether there are lines or zones."""
        return bool(self.regions.lines or self.regions.zones)

    def present_counts(self) -> dict[str, int]:
        """Class -> objects that are there."""
        return dict(Counter(self._class_name(known.class_id) for known in self.presence.present.values()))

    def line_counts(self) -> dict[str, dict[str, int]]:
        """Line -> direction -> crossings so far."""
        return {
            line: {direction: self._crossings.total(line, direction) for direction in DIRECTIONS.values()}
            for line in self.regions.lines
        }

    def zone_counts(self) -> dict[str, dict[str, Any]]:
        """Zone -> objects inside, visits so far, mean and longest dwell in seconds (visits that go on included)."""
        found: dict[str, dict[str, Any]] = {}
        for zone in self.regions.zones:
            count = self._zones.counts[zone]
            going = [self._now - since for since in self._zones.since(zone)]
            visits = count.over + len(going)
            found[zone] = {
                "inside": len(going),
                "entries": count.entries,
                "mean_dwell": round((count.total_dwell + sum(going)) / visits, 3) if visits else 0.0,
                "max_dwell": round(max([count.longest, *going]), 3),
            }
        return found

    def seen_in_zones(self) -> dict[str, int]:
        """Zone -> objects in it that the last frame shows; of others, nobody knows yet whether they have left."""
        known = self.presence.present.values()
        seen = np.array([each.track_id for each in known if each.seen == self._now], dtype=np.int64)
        return {zone: self._zones.inside(zone, seen) for zone in self.regions.zones}

    def totals(self) -> dict[str, dict[str, int]]:
        """Line or zone -> label -> count: crossings and entries so far, objects inside now."""
        zones = self.zone_counts()
        return self.line_counts() | {zone: {key: zones[zone][key] for key in ("inside", "entries")} for zone in zones}

    def report(self) -> dict[str, Any]:
        """The counts for ``--stats``: lines by class too."""
        lines = self.line_counts()
        by_class = {line: self._by_class(line) for line in lines}
        return ({"lines": {line: {**lines[line], "classes": by_class[line]} for line in lines}} if lines else {}) | (
            {"zones": self.zone_counts()} if self.regions.zones else {}
        )

    def dwells(self, track_id: int) -> dict[str, float]:
        """Zone -> seconds so far, for the zones that a track is in."""
        return self._zones.dwells(track_id, self._now)

    def _by_class(self, line: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (direction, class_id), count in sorted(self._crossings.counts[line].items()):
            towards = found.setdefault(self._class_name(class_id), dict.fromkeys(DIRECTIONS.values(), 0))
            towards[direction] += count
        return found

    def _region_events(self, frame: Frame, tracks: Tracks) -> Iterator[Event]:
        points, margin, ids = self.regions.anchors(tracks.boxes), margins(tracks.boxes), tracks.track_ids
        crossed = self._crossings.update(ids, points, margin, tracks.class_ids, frame.time)
        for row, line, direction in crossed:
            yield self._event(CROSS, self.presence.present[int(ids[row])], line=line, direction=direction)
        for visit in self._zones.update(ids, points, margin, frame.time):
            yield self._visit(visit, self.presence.present[visit.track_id])

    def _speed_events(self, tracks: Tracks) -> Iterator[Event]:
        if self._speeding is None or self.ground is None:
            return
        for track_id in self._speeding.update(tracks.track_ids.tolist()):
            track = self.ground.tracks[track_id]
            details = {"kmh": track.kmh, "kmh_error": track.kmh_error, "limit": self._speeding.limit}
            yield self._event(SPEED, self.presence.present[track_id], **details)

    def _departures(self, gone: Iterable[PresentObject], end: bool = False) -> Iterator[Event]:
        for known in gone:
            for visit in self._zones.end_visits(known.track_id, known.seen):
                yield self._visit(visit, known, end)
            yield self._event(LEAVE, known, seconds=known.seen - known.since, end=end)

    def _visit(self, visit: Visit, known: PresentObject, end: bool = False) -> Event:
        kind = ENTER if visit.dwell is None else EXIT
        return self._event(kind, known, zone=visit.zone, dwell=visit.dwell, end=end)

    def _event(self, kind: str, known: PresentObject, **details: Any) -> Event:
        name = self._class_name(known.class_id)
        return Event(kind, known.seen, known.frame, known.track_id, name, known.box, **details)

    def _class_name(self, class_id: int) -> str:
        return self._names.get(class_id, str(class_id))


def _reason(tracks: Tracks, track_id: int) -> dict[str, Any]:
    """Why a track is back, if the tracker has told."""
    reasons = (each for each in tracks.returns if each.track_id == track_id)
    return next(({"away": one.seconds, "by": one.by, "similarity": one.similarity} for one in reasons), {})
