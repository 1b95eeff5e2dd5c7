"""What the page shows: told by the run's thread, read by the server's.

Nothing is locked: an interruption inside a lock would leave it locked, and the run must not wait for viewers. The run's
thread puts finished snapshots in place, each in one assignment, and the server's reads whatever is newest.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from detectors.base import Frame, Image
from tracker.association.tracks import Tracks
from tracker.drawing.annotator import colour_of
from tracker.regions.class_counts import ClassCounts
from tracker.sources.base import Source
from tracker.view.best_crops import Crops
from tracker.view.frame_rate import Pace
from tracker.view.timeline import WINDOW, Timeline

PICTURES = 15.0  # a second at most
SHARED = 60.0  # pictures a second that all viewers get together at most; each costs a little
STATES = 0.3  # seconds between two snapshots of the numbers
SMOOTHING = 0.2  # share of a new frame in the latency

Names = Mapping[int, str]
Regions = Callable[[], Mapping[str, Any]]


class Picture(NamedTuple):
    """A frame with its tracks drawn. number: from 1, of the pictures handed over."""

    number: int
    image: Image
    frame: int
    time: float


@dataclass(frozen=True)
class Snapshot:
    """The numbers as of one frame. when: on the board's clock."""

    when: float
    numbers: dict[str, Any]


class Board:
    """The newest picture, and the numbers.

    source: is asked for what it says of itself. class_names: of the detector. expected: frames, None if not known.
    clock: seconds, for tests.
    """

    def __init__(
        self,
        source: Source,
        class_names: Names,
        expected: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source, self.names, self.expected = source, class_names, expected
        self.run = secrets.token_hex(8)  # tells one run from the next at the same address
        self.crops = Crops()
        self.picture: Picture | None = None
        self.regions: Regions | None = None  # region -> label -> number, for whoever counts there
        self.notify: Callable[[], None] = lambda: None  # called in the run's thread, for a picture that was wanted
        self.ended = ""  # how, once it has
        self.ahead = 0  # frames of a first pass
        self._clock, self._started = clock, clock()
        self._timeline, self._census, self._pace = Timeline(), ClassCounts(), Pace()
        self._last: Picture | None = None
        self._frame: tuple[Frame, Tracks] | None = None
        self._seen: float | None = None  # when the last frame came
        self.origin: float | None = None  # seconds since 1970 at time 0 of a live source
        self._age: float | None = None
        self._snapshot = Snapshot(clock(), {})
        self._due = self._snapshot_due = -1e9
        self._wanted = False
        self._period = 1 / PICTURES

    def want(self, viewers: int = 1) -> None:
        """So many viewers wait for a picture. From any thread."""
        self._period = 1 / min(PICTURES, SHARED / viewers)
        self._wanted = True

    def wants_picture(self) -> bool:
        """Whether a picture of the frame that is on should be drawn, if it is not anyway."""
        return self._wanted and self._clock() >= self._due

    def look(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame with its tracks, before it is drawn on."""
        now = self._seen = self._clock()
        rows = list(zip(tracks.track_ids.tolist(), tracks.class_ids.tolist(), strict=True))
        self._timeline.see(frame.time, rows)
        self._census.update(tracks)
        self._pace.mark(now, frame.time)
        self.crops.see(frame, tracks)
        self._note_age(frame)
        self._frame = frame, tracks
        if now >= self._snapshot_due:
            self._take_snapshot(now)

    def show(self, frame: Frame, image: Image) -> None:
        """Take a frame's picture; nobody may draw on it any more."""
        now, number = self._clock(), self.picture.number if self.picture else 0
        self._last = Picture(number + 1, image, frame.index, frame.time)
        if now >= self._due:
            self._due = now + self._period
            self.picture = self._last
            if self._wanted:
                self._wanted = False
                self.notify()

    def end(self, how: str) -> None:
        """The run is over: "over" or "stopped"."""
        if self._last is not None:
            self.picture = self._last
        self._take_snapshot(self._clock())
        self.ended = how

    def state(self) -> dict[str, Any]:
        """All that the page shows but pictures, for JSON. From any thread."""
        now, source, live, snapshot = self._clock(), self.source, self.source.live, self._snapshot
        quiet = None if self._seen is None else round(now - self._seen, 1)
        return {
            "run": self.run,
            "source": {
                "name": source.name,
                "live": live is not None,
                "images": source.has_images,
                "width": source.width,
                "height": source.height,
                "rate": round(float(source.frame_rate), 2),
                "frames": self.expected,
                "origin": self.origin,
            },
            "state": self._state(quiet),
            "seconds": round(now - self._started, 1),
            "quiet": quiet,
            "ahead": self.ahead,
            "skipped": live.skipped if live else None,
            "reconnects": live.reconnects if live else None,
            "window": WINDOW,
            **snapshot.numbers,
        }

    def _state(self, quiet: float | None) -> str:
        """In one word; the page has the sentences."""
        if self.ended:
            return self.ended
        if quiet is None:
            return "ahead" if self.ahead else "starting"
        if self.source.live and not self.source.live.connected:
            return "lost"
        return "waiting" if quiet > 2.0 else "running"

    def _note_age(self, frame: Frame) -> None:
        """How old the frame is now that it is done, where the source has a clock; smoothed."""
        if self.source.live:
            age = max(0.0, self.source.live.now() - frame.time)
            self._age = age if self._age is None else self._age + SMOOTHING * (age - self._age)

    def _take_snapshot(self, now: float) -> None:
        self._snapshot_due = now + STATES
        if self._frame is None:
            return
        frame, tracks = self._frame
        if self.origin is None and self.source.live:
            started = self.source.live.started_at
            self.origin = round(time.time() - frame.time if started is None else started.timestamp(), 3)
        fps, speed = self._pace.rates()
        numbers = {
            "index": frame.index,
            "time": round(frame.time, 3),
            "fps": round(fps, 1),
            "speed": None if self.source.live else round(speed, 2),
            "latency": None if self._age is None else round(self._age, 3),
            "counts": self._counts(tracks),
            "regions": dict(self.regions()) if self.regions else {},
            "tracks": self._rows(tracks),
            "timeline": [[*row, colour(row[0])] for row in self._named(self._timeline.rows())],
        }
        self._snapshot = Snapshot(now, numbers)

    def _counts(self, tracks: Tracks) -> list[list[Any]]:
        """Class, how many now, how many so far; the most frequent first."""
        now = Counter(self._name(class_id) for class_id in tracks.class_ids.tolist())
        return [[name, now[name], total] for name, total in self._census.by_name(self.names).most_common()]

    def _rows(self, tracks: Tracks) -> list[dict[str, Any]]:
        columns = (tracks.track_ids, tracks.class_ids, tracks.scores, tracks.age)
        return [
            {
                "id": track_id,
                "class": self._name(class_id),
                "score": round(score, 2),
                "seconds": round(age, 1),
                "colour": colour(track_id),
                "crop": self.crops.version(track_id),
            }
            for track_id, class_id, score, age in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def _named(self, rows: list[tuple[int, int, list[list[float]]]]) -> list[list[Any]]:
        return [[track_id, self._name(class_id), spans] for track_id, class_id, spans in rows]

    def _name(self, class_id: int) -> str:
        return self.names.get(class_id, "object")


def colour(track_id: int) -> str:
    """The colour in which a number is drawn, as in CSS."""
    blue, green, red = colour_of(track_id)
    return f"#{red:02x}{green:02x}{blue:02x}"
