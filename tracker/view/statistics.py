"""The numbers on the page: rates, counts, the list of objects and the timeline, as of the newest frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.drawing.colours import TrackColours
from tracker.drawing.labels import Colour
from tracker.ground_plane.as_json import ground_numbers
from tracker.regions.class_counts import ClassCounts
from tracker.sources.base import Source
from tracker.view.best_crops import BestCrops
from tracker.view.frame_rate import FrameRateMeter
from tracker.view.timeline import Timeline

if TYPE_CHECKING:  # only a run that knows the ground has it
    from tracker.ground_plane.ground_tracks import GroundTracks

PERIOD = 0.3  # seconds between two snapshots of the numbers
CLOCK_SET = 0.5  # seconds by which the time of day has to be off for the clock to have been set

RegionCounts = Callable[[], Mapping[str, Any]]
"""Gives region -> label -> number."""


class Scene(NamedTuple):
    """What is known of the place that the source shows: counts of its lines and zones, and its ground."""

    regions: RegionCounts | None
    ground: GroundTracks | None


class Statistics:
    """Follows every frame, and puts the numbers together a few times a second.

    source: is asked whether it is live. class_names: of the detector. regions: the counts of lines and zones, if there
    are any. ground: has followed the tracks on the ground, None where it is not known. numbers: the newest snapshot for
    JSON, empty before the first frame; never changed, only replaced.
    origin: seconds since 1970 at time 0 of a live source, once it is known.
    """

    def __init__(
        self,
        source: Source,
        class_names: Mapping[int, str],
        regions: RegionCounts | None = None,
        ground: GroundTracks | None = None,
    ) -> None:
        self._source, self._names, self._scene = source, class_names, Scene(regions, ground)
        self.crops = BestCrops()
        self.numbers: dict[str, Any] = {}
        self.origin: float | None = None
        self._timeline, self._counts, self._frame_rate = Timeline(), ClassCounts(), FrameRateMeter()
        self._colours = TrackColours()
        self._last: tuple[Frame, Tracks] | None = None
        self._due = -1e9

    def update(self, now: float, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame with its tracks, before it is drawn on. now: seconds of any clock."""
        rows = list(zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), strict=True))
        self._timeline.update(frame.time, rows)
        self._counts.update(tracks)
        self._frame_rate.update(now, frame.time)
        self.crops.update(frame, tracks)
        self._colours.update(tracks)
        if self._source.live:
            self._frame_rate.late(self._source.live.now() - frame.time)
        self._last = frame, tracks
        if now >= self._due:
            self._due = now + PERIOD
            self.take_snapshot()

    def take_snapshot(self) -> None:
        """Put the numbers of the last frame together."""
        if self._last is None:
            return
        frame, tracks = self._last
        self._find_origin()
        (fps, speed), latency = self._frame_rate.rates(), self._frame_rate.latency
        self.numbers = {
            "index": frame.index,
            "time": round(frame.time, 3),
            "fps": round(fps, 1),
            "speed": None if self._source.live else round(speed, 2),
            "latency": None if latency is None else round(latency, 3),
            "counts": self._class_rows(tracks),
            "regions": dict(self._scene.regions()) if self._scene.regions else {},
            "tracks": self._track_rows(tracks),
            "timeline": self._timeline_rows(),
        }

    def _find_origin(self) -> None:
        """Where time 0 lies by the computer's clock, which may be set while a run goes on."""
        if self._source.live:
            origin = round(self._source.live.time_of_day(0.0).timestamp(), 3)
            if self.origin is None or abs(origin - self.origin) > CLOCK_SET:
                self.origin = origin

    def _class_rows(self, tracks: Tracks) -> list[list[Any]]:
        """Class, objects now, objects so far; the most frequent class first."""
        now = Counter(self._name(class_id) for class_id in tracks.class_ids.tolist())
        return [[name, now[name], total] for name, total in self._counts.by_name(self._names).most_common()]

    def _track_rows(self, tracks: Tracks) -> list[dict[str, Any]]:
        columns = (tracks.track_ids, tracks.class_ids, tracks.scores, tracks.age)
        return [
            {
                "id": track_id,
                "class": self._name(class_id),
                "score": round(score, 2),
                "seconds": round(age, 1),
                "colour": css_colour(self._colours[track_id]),
                "crop": self.crops.version(track_id),
            }
            | self._ground_numbers(track_id)
            for track_id, class_id, score, age in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def _ground_numbers(self, track_id: int) -> dict[str, Any]:
        return {} if self._scene.ground is None else ground_numbers(self._scene.ground.of(track_id))

    def _timeline_rows(self) -> list[list[Any]]:
        return [
            [track_id, self._name(class_id), spans, css_colour(self._colours[track_id])]
            for track_id, class_id, spans in self._timeline.rows()
        ]

    def _name(self, class_id: int) -> str:
        return self._names.get(class_id, "object")


def css_colour(colour: Colour) -> str:
    """A BGR colour as CSS writes it."""
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
