"""One run from a source to its outputs: everything opened, checked, and closed again."""

from __future__ import annotations

import atexit
import logging
from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from detectors import Frame, InputError
from detectors.replay import ReplayDetector
from tracker.association.tracks import Tracks
from tracker.regions.load import load_regions
from tracker.run.hiding import HidingStage
from tracker.run.loading import Stages, load_stages
from tracker.run.measurements import Measurements
from tracker.run.options import Options, check_options
from tracker.run.pipeline import track_frames
from tracker.run.profile import OPENING, Profile
from tracker.run.reading import NoFramesError, part_of, read
from tracker.run.report import figures
from tracker.run.sinks import Sinks
from tracker.run.state import RunState
from tracker.run.viewers import Viewers
from tracker.sources import open_source
from tracker.sources.base import Source
from tracker.sources.read_ahead import ReadAhead
from tracker.writers.stats import write_stats

if TYPE_CHECKING:  # an online run does without
    from tracker.ground_plane.ground_tracks import GroundTracks
    from tracker.offline.first_pass import FirstPass
    from tracker.offline.recording_tracker import RecordingTracker
    from tracker.offline.trajectory import Trajectory
    from tracker.run.passes import Hindsight


@dataclass
class Callbacks:
    """What a run calls while it gives out no frames.

    idle: about ten times a second while a live source has no frame. step: often, between the two passes.
    """

    idle: Callable[[], None] = lambda: None
    step: Callable[[], None] = lambda: None


class Run:
    """Frames in, tracks out, files written on the way. Use it as a context manager, and iterate once.

    Entering opens and checks everything, so that bad input costs no work and touches no file. Leaving, by whatever
    way, finishes the files. Offline, a first pass over the source finds the tracks, and iterating is the second one.
    pictures: whether whoever iterates looks at the frames' pictures; if not, they are drawn on, and the second pass
    reads them again only for that. viewers: who watches, None for those that the options name. Raises InputError.

    first_pass: what the first of two passes has found, once there has been one. hindsight: the same once it has been
    revised, for the second. source, stages: once the run is entered.
    """

    source: Source
    stages: Stages

    def __init__(
        self, source: str | int | Path, options: Options, pictures: bool = True, viewers: Viewers | None = None
    ) -> None:
        self.options = options
        self.measured = Measurements()
        self.state = RunState()
        self.sinks = Sinks(options, pictures, viewers)
        self.first_pass: FirstPass | None = None
        self.hindsight: Hindsight | None = None
        self.callbacks = Callbacks()
        self._source_name = source
        self._exit = ExitStack()

    def __enter__(self) -> Run:
        with ExitStack() as opening:
            with self.measured.timing(OPENING):
                self._open(opening)
            self._exit.push(self._finish)
            self._exit.push(opening.pop_all())
        atexit.register(self._close_with_python)
        self._exit.callback(atexit.unregister, self._close_with_python)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exit.__exit__(kind, error, at)

    def _finish(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The rest, once all is closed. Of two errors, the first is the one to tell."""
        self.measured.finish()
        self.state.warnings.extend(self.source.warnings)
        self.state.warnings.extend(self.sinks.warnings)
        if "--stats" in self.sinks.paths and self.has_results:
            with suppress(*([] if kind is None else [InputError])):
                write_stats(self.sinks.paths["--stats"], self.report(), new=not self.options.overwrite)

    def _close_with_python(self) -> None:
        """Close a run that Python leaves open, as a `track()` that was not iterated to its end.

        Its files are finished, and no thread of a library is torn out of it, which would abort the process.
        """
        try:
            self._exit.close()
        except Exception as error:  # nobody is left who could catch it
            logging.getLogger("tracker").warning("%s", error)

    def _open(self, opening: ExitStack) -> None:
        """The order in which everything is opened: what may be refused comes before what takes long."""
        options = self.options
        check_options(options)
        self.sinks.reserve(opening)
        self.source = source = open_source(
            self._source_name, options.fps, options.size, options.rate, options.reconnect
        )
        source.start = options.span.start
        source.name = options.source_name or source.name
        frames = read(source, self.measured.clock, self._idle, opening)
        if options.offline and source.live:
            why = "is live, and --offline needs an end"
            raise InputError(self.shown_name, why, "record it, or leave --offline out")
        regions = load_regions(
            (source.width, source.height),
            options.regions,
            options.roi,
            options.mask,
            options.line,
            options.zone,
            options.anchor,
        )
        self.state.warnings.extend(regions.warnings())
        ground = self._load_ground()
        self.sinks.check(source)
        self.stages = load_stages(options, source, regions.box_filter, "--output" in self.sinks.paths)
        self.state.warnings.extend(self.stages.warnings)
        if source.frame_count is not None:
            self.stages.check_length(source.frame_count, self.shown_name)
        names = self.stages.detector.class_names
        self.sinks.open(opening, source, names, regions, ground, self.expected_frames, self.measured)
        opening.callback(self.sinks.finish)
        self._tracked = track_frames(
            part_of(frames, options), self.stages.detection, self.stages.tracking, self.measured
        )
        opening.callback(self._tracked.close)  # before anything that it uses is closed

    def _load_ground(self) -> GroundTracks | None:
        """What follows the tracks on the ground, None where nobody says how it lies."""
        if self.options.calibrate is None:
            return None
        from tracker.ground_plane.calibration_file import load_calibration
        from tracker.ground_plane.ground_tracks import GroundTracks

        size = self.source.width, self.source.height
        calibration = load_calibration(self.options.calibrate, size)
        self.state.warnings.extend(calibration.warnings)
        return GroundTracks(calibration, size, float(1 / self.source.frame_rate))

    def __iter__(self) -> Generator[tuple[Frame, Tracks], None, None]:
        for _ in self.look_ahead():
            pass
        names = self.stages.detector.class_names
        hide = HidingStage(self.stages.policy, self.stages.tracker, self.hindsight, self.measured)
        for frame, tracks in self._track() if self.hindsight is None else self._second_pass(self.hindsight):
            hide(frame, tracks)
            self.sinks.take(frame, tracks)
            self.state.see(tracks, names)
            if self.source.live:
                self.state.latency = max(0.0, self.source.live.now() - frame.time)
            self.measured.note_first_frame()
            yield frame, tracks
            if self.sinks.viewers.stopped:
                return

    def _track(self) -> Iterator[tuple[Frame, Tracks]]:
        """Each frame of the source with its tracks, as they are known at that moment."""
        index = 0
        for frame, tracks in self._tracked:
            index = frame.index
            yield frame, tracks
        if not index:
            raise NoFramesError(self.shown_name, "has no frames in that part", "check --start and --end")
        if not self.partial and self.source.frame_count is None:
            self.stages.check_length(index, self.shown_name)  # only reading to the end could tell

    def look_ahead(self) -> Iterator[None]:
        """The first of two passes, a step a frame, if there are two. Iterating does it, if it has not been done."""
        if not self.options.offline or self.hindsight is not None:
            return
        for _ in self.record():
            yield
        assert self.first_pass is not None
        self.look_back(self.first_pass)

    def record(self, midway: bool = False) -> Iterator[Frame]:
        """Look at each frame once and keep what was found as `first_pass`, for whoever does without the second.

        midway: whether the first frame is somewhere in a video of which others look at what comes before.
        Raises NoFramesError where there is none, and keeps that as well: a video may end before a piece of it begins.
        """
        from tracker.offline.recording_tracker import RecordingTracker

        recorder, indices = self.stages.tracker, array("q")
        assert isinstance(recorder, RecordingTracker)
        if midway:
            recorder.start_midway()
        try:
            for frame, _ in self._track():
                indices.append(frame.index)
                self.state.frames += 1
                self.sinks.viewers.look_ahead(self.state.frames)
                yield frame
        except NoFramesError:
            self._keep(recorder, indices)
            raise
        self._keep(recorder, indices)

    def _keep(self, recorder: RecordingTracker, indices: Sequence[int]) -> None:
        """The first pass is over. indices: numbers of its frames."""
        from tracker.run.passes import first_pass_of

        with self.measured.timing("track"):
            self.first_pass = first_pass_of(recorder, indices, self.source, self.stages.detector.class_names)

    def look_back(self, first_pass: FirstPass) -> None:
        """Take what a first pass has found, here or elsewhere: iterating is the second one then."""
        from tracker.offline.postprocess import postprocess
        from tracker.run.passes import Hindsight

        with self.measured.timing("track"):
            trajectories = postprocess(first_pass.history, step=self.callbacks.step)
        self.first_pass, self.hindsight = first_pass, Hindsight(first_pass, trajectories)
        self.state.frames = 0

    def _second_pass(self, hindsight: Hindsight) -> Iterator[tuple[Frame, Tracks]]:
        """What the first pass has found, with the pictures read again if anybody looks at them."""
        if not self.source.has_images or not self.sinks.need_pictures:
            yield from hindsight.frames()
            return
        source = open_source(self._source_name, self.options.fps)
        source.start = float(hindsight.first_pass.history.times[0])
        with ReadAhead(source.frames, clock=self.measured.clock) as again:
            yield from hindsight.frames_with_pictures(again, self.shown_name)

    def _idle(self) -> None:
        """What goes on while the run waits for a live source's next picture."""
        live = self.source.live
        assert live is not None
        self.sinks.idle(live.now())
        if self.sinks.viewers.stopped:
            live.stop.set()
        self.callbacks.idle()

    @property
    def partial(self) -> bool:
        """Whether the run ends before its source."""
        return self.options.end is not None or self.options.max_frames is not None

    @property
    def class_counts(self) -> Counter[str]:
        """How many tracks there have been, by the name of their class."""
        return self.state.class_counts(self.stages.detector.class_names)

    @property
    def trajectories(self) -> Sequence[Trajectory]:
        """The tracks of an offline run in hindsight; none before."""
        return () if self.hindsight is None else self.hindsight.trajectories

    @property
    def has_results(self) -> bool:
        """Whether there is anything to tell: not before the second pass of an offline run."""
        return self.measured.frames > 0 and (self.hindsight is not None or not self.options.offline)

    @property
    def shown_name(self) -> Path | str:
        """The source as messages call it: never an address, which may hold a password."""
        return self.source.path or self.source.name

    @property
    def expected_frames(self) -> int | None:
        """How many frames there will be, as far as that is known."""
        total = self.source.frame_count
        if total is not None:
            rate = float(self.source.frame_rate)
            start, end = self.options.span
            last = total if end is None else min(total, round(end * rate))
            total = max(0, last - round(start * rate))
        limits = [limit for limit in (total, self.options.max_frames) if limit is not None]
        return min(limits, default=None)

    def report(self) -> dict[str, Any]:
        """What the run did and what it took, as in the file of ``--stats``."""
        found = figures(self.measured, self.profile())
        if isinstance(self.stages.detector, ReplayDetector):
            found["detector_calls"] = 0
        if self.source.live:
            found |= {"skipped": self.source.live.skipped, "reconnects": self.source.live.reconnects}
        count = self.stages.tracker.confirmed_count if self.hindsight is None else len(self.trajectories)
        found |= {"tracks": count, "first_frame_seconds": self.measured.first_frame_seconds}
        found |= {"detector": self.stages.detector.name, "tracker": self.options.tracker}
        return found | self.sinks.activity.report()

    def profile(self) -> Profile:
        """Where the time went, once the files are closed. To be asked for in the thread that iterates."""
        return self.measured.profile()
