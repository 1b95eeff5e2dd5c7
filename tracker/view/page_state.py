"""What the page shows: written by the run's thread, read by the server's.

Nothing is locked: an interruption inside a lock would leave it locked, and the run must not wait for viewers. The run's
thread puts finished snapshots in place, each in one assignment, and the server's reads whatever is newest.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from detectors.base import Frame, Image
from tracker.association.tracks import Tracks
from tracker.sources.base import Source
from tracker.view.ground_view import ground_view
from tracker.view.picture_buffer import PictureBuffer
from tracker.view.statistics import RegionCounts, Statistics
from tracker.view.timeline import WINDOW

if TYPE_CHECKING:  # only a run that knows the ground has it
    from tracker.ground_plane.ground_tracks import GroundTracks

WAITING_AFTER = 2.0  # seconds without a frame


class PageState:
    """The state of a run for its viewers: the newest picture, and the numbers.

    source: is asked for what it says of itself. class_names: of the detector. expected: frames, None if not known.
    regions: the counts of lines and zones, if there are any. ground: follows the tracks on the ground, if it is known.
    clock: seconds, for tests.
    """

    def __init__(
        self,
        source: Source,
        class_names: Mapping[int, str],
        expected: int | None = None,
        regions: RegionCounts | None = None,
        ground: GroundTracks | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source, self._expected = source, expected
        self._ground = None if ground is None else ground_view(ground)
        self.pictures = PictureBuffer(clock)
        self.statistics = Statistics(source, class_names, regions, ground)
        self.first_pass_frames = 0
        self.ended = ""  # how, once it has
        self._run_id = secrets.token_hex(8)  # tells one run from the next at the same address
        self._clock, self._started = clock, clock()
        self._last_frame: float | None = None  # when it came

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame with its tracks, before it is drawn on."""
        self._last_frame = self._clock()
        self.statistics.update(self._last_frame, frame, tracks)

    def end(self, how: str) -> None:
        """The run is over: "over" or "stopped"."""
        self.pictures.finish()
        self.statistics.take_snapshot()
        self.ended = how

    def show(self, frame: Frame, image: Image) -> None:
        """Take a frame's picture, which must not be drawn on any more."""
        self.pictures.put(frame, image)

    def wants_picture(self) -> bool:
        """Whether the current frame should be drawn for viewers."""
        return self.pictures.wants_picture()

    def as_json(self) -> dict[str, Any]:
        """All that the page shows except pictures, for JSON. From any thread."""
        now, live = self._clock(), self.source.live
        quiet = None if self._last_frame is None else round(now - self._last_frame, 1)
        return {
            "run": self._run_id,
            "source": self._source_json(),
            "state": self._state(quiet),
            "seconds": round(now - self._started, 1),
            "quiet": quiet,
            "ahead": self.first_pass_frames,
            "skipped": live.skipped if live else None,
            "reconnects": live.reconnects if live else None,
            "window": WINDOW,
            "ground": self._ground,
            **self.statistics.numbers,
        }

    def _source_json(self) -> dict[str, Any]:
        source = self.source
        return {
            "name": source.name,
            "live": source.live is not None,
            "images": source.has_images,
            "width": source.width,
            "height": source.height,
            "rate": round(float(source.frame_rate), 2),
            "frames": self._expected,
            "origin": self.statistics.origin,
        }

    def _state(self, quiet: float | None) -> str:
        """In one word; page.js has the sentences. quiet: seconds since the last frame, None before the first."""
        if self.ended:
            return self.ended
        if quiet is None:
            return "ahead" if self.first_pass_frames else "starting"
        if self.source.live and not self.source.live.connected:
            return "lost"
        return "waiting" if quiet > WAITING_AFTER else "running"
