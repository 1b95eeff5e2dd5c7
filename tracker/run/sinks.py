"""Everything that takes in the frames of a run and their tracks: counts, events, files, messages, page, window."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.base import Frame
from tracker.association.tracks import Tracks
from tracker.regions.activity import Activity
from tracker.regions.events import Event
from tracker.regions.regions import Regions
from tracker.run.maps import check_size
from tracker.run.measurements import Measurements
from tracker.run.messages import Messages
from tracker.run.options import Options
from tracker.run.paths import first_files, growing, input_paths, output_paths
from tracker.run.viewers import Viewers
from tracker.run.writers import Writers
from tracker.sources.base import Source
from tracker.writers.path_checks import check_outputs

if TYPE_CHECKING:  # only a run that knows the ground has it
    from tracker.ground_plane.ground_tracks import GroundTracks

KEPT_EVENTS = 10_000  # a run may go on for months


class Sinks:
    """The sinks of one run. Call `reserve`, `check`, `open`, then `take` for each frame, and `finish`.

    pictures: whether whoever iterates over the run looks at the frames' pictures; if not, they are drawn on. viewers:
    who watches, None for those that the options name.
    paths: option -> file that is written, once they are checked. viewers: the page and the window. activity: counts
    objects, lines and zones. events: the last ones, `KEPT_EVENTS` at most.
    """

    def __init__(self, options: Options, pictures: bool, viewers: Viewers | None = None) -> None:
        self._options, self._pictures = options, pictures
        self.paths: dict[str, Path] = {}
        self.viewers = viewers or Viewers(options)
        self.activity: Activity
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._writers: Writers
        self._messages = Messages(options)

    def reserve(self, opening: ExitStack) -> None:
        """Make sure that messages, the page and the window will work. Raises InputError."""
        self._messages.check()
        self.viewers.reserve(opening)

    def check(self, source: Source) -> None:
        """Make sure that all files can be written. Raises InputError."""
        options = self._options
        self.paths = output_paths(options, source)
        check_size(self.paths, source)
        files, logs = first_files(self.paths, options, source), growing(self.paths) if source.live else ()
        check_outputs(files, input_paths(options, source), options.overwrite, logs)

    def open(
        self,
        opening: ExitStack,
        source: Source,
        class_names: Mapping[int, str],
        regions: Regions,
        ground: GroundTracks | None,
        expected_frames: int | None,
        measured: Measurements,
    ) -> None:
        """Open all, to be closed with the stack. class_names: of the detector. ground: None where it is not known."""
        self.activity = Activity(regions, class_names, ground, self._options.speed_over)
        self.viewers.open(opening, source, class_names, expected_frames, self.activity)
        self._writers = Writers(self.paths, class_names, self._options, not self._pictures, self.activity, self.viewers)
        self._writers.open(opening, source, measured)
        self._messages.open(opening, source, class_names, self.activity)

    def take(self, frame: Frame, tracks: Tracks) -> None:
        """Take in another frame."""
        self._tell(self.activity.update(frame, tracks))
        self._writers.write(frame, tracks)

    def idle(self, now: float) -> None:
        """What goes on while no frame comes. now: seconds, on the clock of the frames' times."""
        self._tell(self.activity.tick(now))
        self.viewers.idle()

    def finish(self) -> None:
        """Tell that every object leaves, as the run is over. A run without frames has nothing to tell, and no file."""
        events = self.activity.finish()
        if events:
            self._tell(events)

    def _tell(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        self._writers.tell(events)
        self._messages.tell(events)

    @property
    def need_pictures(self) -> bool:
        """Whether anybody looks at the pictures."""
        return self._pictures or self._writers.draws

    @property
    def segments(self) -> int:
        """How many files the annotated video has been written in so far, if it is written in several."""
        return self._writers.segments

    @property
    def warnings(self) -> list[str]:
        """What could not be written, though that was no error."""
        return self._writers.warnings + self._messages.warnings
