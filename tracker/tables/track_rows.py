"""The table of tracks: its columns, and the rows of each frame, one a box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.ground_plane.as_json import ground_numbers
from tracker.regions.activity import Activity

DETECTED, CARRIED, FILLED = "detected", "carried", "filled"

Row = tuple[Any, ...]


class Column(NamedTuple):
    """A column of a table. kind: int, float, str, datetime (in UTC) or list (of names). Any value may be None."""

    name: str
    kind: type


TRACK_COLUMNS = (
    Column("frame", int),
    Column("time", float),
    Column("at_utc", datetime),
    Column("id", int),
    Column("class", str),
    Column("score", float),
    *(Column(edge, float) for edge in ("x1", "y1", "x2", "y2", "foot_x", "foot_y")),
    Column("state", str),
    Column("zones", list),
    Column("run", int),
)
"""frame: from 1. time: seconds of the source. at_utc: the time of day, of live sources. x1 to y2: the box, and foot_x,
foot_y: where its object is, in pixels. state: "detected"; "carried" if the detector did not run, "filled" if it did and
the object was not found. zones: that it is in. run: of those that have written the table, from 1; numbers of tracks
begin again with each."""


GROUND_COLUMNS = tuple(
    Column(name, float) for name in ("ground_x", "ground_y", "kmh", "kmh_error", "travelled", "nearest")
)
"""Of a run that knows the ground, after the others. ground_x, ground_y: metres. kmh, kmh_error: smoothed speed and its
standard deviation. travelled, nearest: metres so far, and to the next object. None: not known."""


class TrackRows:
    """Makes the rows of `TRACK_COLUMNS`, and of `GROUND_COLUMNS` where the activity knows the ground.

    class_names: of the detector. activity: has seen each frame before. time_of_day: of a time of a live source, None
    for any other. run: the number of this run.
    """

    def __init__(
        self,
        class_names: Mapping[int, str],
        activity: Activity,
        time_of_day: Callable[[float], datetime] | None = None,
        run: int = 1,
    ) -> None:
        self._names, self._activity, self._time_of_day, self._run = class_names, activity, time_of_day, run

    def of(self, frame: Frame, tracks: Tracks) -> Iterator[Row]:
        """The rows of one frame."""
        at = None if self._time_of_day is None else self._time_of_day(frame.time)
        feet = self._activity.regions.anchors(tracks.boxes).tolist()
        columns = (tracks.track_ids, tracks.class_ids, tracks.scores, tracks.boxes)
        rows = zip(*(column.tolist() for column in columns), feet, _states(tracks), strict=True)
        for track_id, class_id, score, box, foot, state in rows:
            name = self._names.get(class_id, str(class_id))
            places = (round(value, 2) for value in (*box, *foot))
            zones = list(self._activity.dwells(track_id))
            known = frame.index, round(frame.time, 6), at, track_id, name, round(score, 4)
            yield (*known, *places, state, zones, self._run, *self._ground(track_id))

    def _ground(self, track_id: int) -> Row:
        if self._activity.ground is None:
            return ()
        numbers = ground_numbers(self._activity.ground.of(track_id))
        x, y = numbers.get("metres", (None, None))
        return x, y, *(numbers.get(column.name) for column in GROUND_COLUMNS[2:])


def _states(tracks: Tracks) -> Iterator[str]:
    for carried, unseen in zip(tracks.carried.tolist(), tracks.time_since_update.tolist(), strict=True):
        yield CARRIED if carried else FILLED if unseen > 0 else DETECTED
