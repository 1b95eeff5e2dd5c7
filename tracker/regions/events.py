"""Events: objects appear, leave, return, cross lines, enter and exit zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.base import Floats

APPEAR, LEAVE, RETURN, CROSS, ENTER, EXIT = "appear", "leave", "return", "cross", "enter", "exit"
SPEED = "speed"
MEASURED = ("away", "similarity", "dwell", "seconds", "kmh", "kmh_error", "limit")


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happened to one object.

    kind: "appear", "leave", "return", "cross", "enter" or "exit". time, frame: seconds of the source and index of the
    frame. For a leave, that is when the object was last seen, though it is reported later. box: ``(4,)`` xyxy pixels,
    at that time.
    line, direction ("in" or "out"): of a crossing. zone: of an enter or exit. dwell: seconds that it was in the zone.
    kmh, kmh_error, limit: of a speed above the limit, all in km/h.
    away, by, similarity: of a return, seconds since it was seen, and why it is known to be the same, where prediction
    did not expect it (see `tracker.association.tracks.Return`).
    seconds: of a leave, since it appeared or returned. end: whether it left because the run is over.
    """

    kind: str
    time: float
    frame: int
    track_id: int
    class_name: str
    box: Floats
    line: str | None = None
    direction: str | None = None
    zone: str | None = None
    dwell: float | None = None
    seconds: float | None = None
    end: bool = False
    kmh: float | None = None
    kmh_error: float | None = None
    limit: float | None = None
    away: float | None = None
    by: str | None = None
    similarity: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The event as in a line of ``--events``, without the time of day."""
        found: dict[str, Any] = {"time": round(self.time, 6), "frame": self.frame, "event": self.kind}
        found |= {"id": self.track_id, "class": self.class_name, "box": [round(float(edge), 2) for edge in self.box]}
        found |= {"line": self.line, "direction": self.direction, "zone": self.zone}
        found |= {"by": self.by} | {name: _rounded(getattr(self, name)) for name in MEASURED}
        return {name: value for name, value in found.items() if value is not None} | ({"end": True} if self.end else {})


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
