"""What is to be told of a run's objects: who comes and goes, crosses lines, and stays in zones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.regions.crossings import DIRECTIONS, Crossings, margins
from tracker.regions.events import APPEAR, CROSS, ENTER, EXIT, LEAVE, RETURN, Event
from tracker.regions.plan import Plan
from tracker.regions.presence import Presence, Stay
from tracker.regions.zones import Visit, Zones


class Watch:
    """Sees every frame with its tracks, counts, and says what happened.

    plan: the lines and zones. class_names: of the detector.
    """

    def __init__(self, plan: Plan, class_names: Mapping[int, str]) -> None:
        self.plan = plan
        self.presence = Presence()
        self._names = class_names
        self._crossings = Crossings(plan.lines)
        self._zones = Zones(plan.zones, plan.size)
        self._now = 0.0

    def see(self, frame: Frame, tracks: Tracks) -> list[Event]:
        """Take in one frame; returns what happened up to it, in that order for each object."""
        events = list(self._leave(self.presence.all_gone())) if frame.cut else []  # no number outlives a cut
        self._now = frame.time
        new, back = self.presence.see(frame, tracks)
        events += [self._event(APPEAR, stay) for stay in new] + [self._event(RETURN, stay) for stay in back]
        if self.plan.lines or self.plan.zones:
            events += self._in_regions(frame, tracks)
        return events + self.tick(frame.time)

    def tick(self, now: float) -> list[Event]:
        """Who has left by now (seconds): to be asked while no frames come, too."""
        return list(self._leave(self.presence.gone(now)))

    def finish(self) -> list[Event]:
        """The run is over, and everybody leaves."""
        return list(self._leave(self.presence.all_gone(), end=True))

    @property
    def has_counts(self) -> bool:
        """Whether there are lines or zones."""
        return bool(self.plan.lines or self.plan.zones)

    def line_counts(self) -> dict[str, dict[str, int]]:
        """Line -> direction -> crossings so far."""
        return {
            line: {direction: self._crossings.total(line, direction) for direction in DIRECTIONS.values()}
            for line in self.plan.lines
        }

    def zone_counts(self) -> dict[str, dict[str, Any]]:
        """Zone -> how many are inside, visits so far, mean and longest dwell in seconds, of those inside too."""
        found: dict[str, dict[str, Any]] = {}
        for zone in self.plan.zones:
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

    def totals(self) -> dict[str, dict[str, int]]:
        """Line or zone -> what is counted there -> how many, so far or, inside a zone, now."""
        zones = self.zone_counts()
        return self.line_counts() | {zone: {key: zones[zone][key] for key in ("inside", "entries")} for zone in zones}

    def report(self) -> dict[str, Any]:
        """The counts for ``--stats``: lines by class too."""
        lines = self.line_counts()
        by_class = {line: self._by_class(line) for line in lines}
        return ({"lines": {line: {**lines[line], "classes": by_class[line]} for line in lines}} if lines else {}) | (
            {"zones": self.zone_counts()} if self.plan.zones else {}
        )

    def dwells(self, track_id: int) -> dict[str, float]:
        """Zone -> seconds so far, of the zones that a track is in."""
        return self._zones.dwells(track_id, self._now)

    def _by_class(self, line: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (direction, class_id), count in sorted(self._crossings.counts[line].items()):
            towards = found.setdefault(self._class(class_id), dict.fromkeys(DIRECTIONS.values(), 0))
            towards[direction] += count
        return found

    def _in_regions(self, frame: Frame, tracks: Tracks) -> Iterator[Event]:
        points, margin, ids = self.plan.anchors(tracks.boxes), margins(tracks.boxes), tracks.track_ids
        crossed = self._crossings.see(ids, points, margin, tracks.class_ids, frame.time)
        for row, line, direction in crossed:
            yield self._event(CROSS, self.presence.here[int(ids[row])], line=line, direction=direction)
        for visit in self._zones.see(ids, points, margin, frame.time):
            yield self._visit(visit, self.presence.here[visit.track_id])

    def _leave(self, stays: Iterable[Stay], end: bool = False) -> Iterator[Event]:
        for stay in stays:
            for visit in self._zones.leave(stay.track_id, stay.seen):
                yield self._visit(visit, stay, end)
            yield self._event(LEAVE, stay, seconds=stay.seen - stay.since, end=end)

    def _visit(self, visit: Visit, stay: Stay, end: bool = False) -> Event:
        kind = ENTER if visit.dwell is None else EXIT
        return self._event(kind, stay, zone=visit.zone, dwell=visit.dwell, end=end)

    def _event(self, kind: str, stay: Stay, **details: Any) -> Event:
        name = self._class(stay.class_id)
        return Event(kind, stay.seen, stay.frame, stay.track_id, name, stay.box, **details)

    def _class(self, class_id: int) -> str:
        return self._names.get(class_id, str(class_id))
