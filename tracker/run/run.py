"""One run from a source to its outputs: everything opened, checked, and closed again."""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors import Frame, InputError
from detectors.cores import available_cores
from detectors.replay import ReplayDetector
from tracker.appearance.embedder import load_embedder
from tracker.association.tracks import Tracks
from tracker.motion.camera_motion import RecordedCameraMotion
from tracker.regions.activity import Watch
from tracker.regions.class_counts import Census, names_of
from tracker.regions.plan import make_plan
from tracker.run.detection_interval import make_cadence
from tracker.run.loading import check_last_frames, detecting_threads, load_motion, make_detector, make_tracker
from tracker.run.options import Options, check_options, find_classes
from tracker.run.outputs import check_outputs, first_files, input_paths, output_paths
from tracker.run.pipeline import Tally, track_frames
from tracker.run.profile import OPENING, Profile, profile_of
from tracker.run.reading import NoFramesError, part_of, read
from tracker.run.report import figures
from tracker.run.viewers import Audience
from tracker.run.writers import Writers
from tracker.sources import open_source
from tracker.sources.read_ahead import ReadAhead
from tracker.writers.stats import write_stats

if TYPE_CHECKING:
    from tracker.offline.first_pass import FirstPass
    from tracker.offline.trajectory import Trajectory


class Run:
    """Frames in, tracks out, files written on the way. Use it as a context manager, and iterate once.

    Entering opens and checks everything, so that bad input costs no work and touches no file. Leaving, by whatever
    way, finishes the files. Offline, a first pass over the source finds the tracks, and iterating is the second one.
    pictures: whether whoever iterates looks at the frames' pictures; if not, they are drawn on, and the second pass
    reads them again only for that. Raises InputError.
    """

    def __init__(self, source: str | int | Path, options: Options, pictures: bool = True) -> None:
        self.options = options
        self.progress = 0  # frames of this pass so far
        self.tally = Tally()
        self.warnings: list[str] = []
        self.outputs: dict[str, Path] = {}
        self.audience = Audience(options)
        self._source_name = source
        self._pictures = pictures
        self.first_pass: FirstPass | None = None  # once there has been one, of an offline run
        self.trajectories: Sequence[Trajectory] = ()  # what came of it, in hindsight
        self._looked_ahead = False
        self._exit = ExitStack()
        self._started = time.perf_counter(), time.process_time(), time.thread_time()
        self._first_frame: float | None = None  # when it had been through all stages
        self._ended = self._started
        self._census = Census()
        self.here: Counter[str] = Counter()  # objects in the last frame, by the name of their class
        self.age = 0.0  # seconds of the last frame of a live source, once it was done
        self.on_idle: Callable[[], None] = lambda: None  # about ten times a second while no frame comes
        self.on_step: Callable[[], None] = lambda: None  # often, between the two passes

    def __enter__(self) -> Run:
        with ExitStack() as opening:
            with self.tally.timing(OPENING):
                self._open(opening)
            self._exit = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._exit.__exit__(kind, error, at)
        finally:
            self._ended = time.perf_counter(), time.process_time(), time.thread_time()
            self.warnings.extend(self.source.warnings)
            self.warnings.extend(self._writers.warnings)
            if "--stats" in self.outputs and self.has_results:
                write_stats(self.outputs["--stats"], self.report())

    def __iter__(self) -> Iterator[tuple[Frame, Tracks]]:
        for _ in self.look_ahead():
            pass
        for frame, tracks in self._recall() if self._looked_ahead else self._track():
            self._census.see(tracks)
            self._writers.tell(self.watch.see(frame, tracks))
            self._writers.write(frame, tracks)
            self.progress += 1
            self.here = names_of(tracks.class_ids, self.detector.class_names)
            self.age = max(0.0, self.source.now() - frame.time)
            self._first_frame = self._first_frame or time.perf_counter()
            yield frame, tracks
            if self.audience.stopped:
                return

    def look_ahead(self) -> Iterator[None]:
        """The first of two passes, a step a frame, if there are two. Iterating does it, if it has not been done."""
        if not self.options.offline or self._looked_ahead:
            return
        for _ in self.record():
            yield
        assert self.first_pass is not None
        self.look_back(self.first_pass)

    def look_back(self, first_pass: FirstPass) -> None:
        """Take what a first pass has found, here or elsewhere: iterating is the second one then."""
        from tracker.offline.postprocess import revise

        with self.tally.timing("track"):
            self.first_pass, self.trajectories = first_pass, revise(first_pass.recording, step=self.on_step)
        self._looked_ahead, self.progress = True, 0

    def record(self, midway: bool = False) -> Iterator[Frame]:
        """Look at each frame once and keep what was found as `first_pass`, for whoever does without the second.

        midway: whether the first frame is somewhere in a video of which others look at what comes before.
        Raises NoFramesError where there is none, and keeps that as well: a video may end before a piece of it begins.
        """
        from tracker.offline.recorder import Recorder

        indices = array("q")
        if midway:
            assert isinstance(self.tracker, Recorder)
            self.tracker.settle()
        try:
            for frame, _ in self._track():
                indices.append(frame.index)
                self.progress += 1
                self.audience.look_ahead(self.progress)
                yield frame
        except NoFramesError:
            self._keep(indices)
            raise
        self._keep(indices)

    def _keep(self, indices: Sequence[int]) -> None:
        """What the first pass has found. indices: numbers of its frames."""
        from tracker.offline.first_pass import FirstPass
        from tracker.offline.recorder import Recorder

        assert isinstance(self.tracker, Recorder)
        with self.tally.timing("track"):
            recording = self.tracker.finish()
        source, names, seen = self.source, dict(self.detector.class_names), np.array(indices, dtype=np.int64)
        size, told = (source.width, source.height), tuple(source.warnings)
        self.first_pass = FirstPass(seen, recording, names, *size, source.frame_rate, told)

    def _track(self) -> Iterator[tuple[Frame, Tracks]]:
        """Each frame of the source with its tracks."""
        options = self.options
        frames = track_frames(
            part_of(self._frames, options),
            self.detector,
            self.tracker,
            self.embedder,
            options.iou,
            self._classes,
            self.tally,
            self.camera,
            self._cadence,
            self._carrier,
            detecting_threads(options, self.source, self.detector),
            self.watch.plan.where,
        )
        self._exit.callback(frames.close)  # before anything that it uses is closed
        index = 0
        for frame, tracks in frames:
            index = frame.index
            yield frame, tracks
        if not index:
            raise NoFramesError(self._shown_name, "has no frames in that part", "check --start and --end")
        if not self.partial and self.source.frame_count is None:
            check_last_frames(index, self._shown_name, self.detector, self.camera)  # only reading to the end could tell

    def _recall(self) -> Iterator[tuple[Frame, Tracks]]:
        """What the first pass has found, with the pictures read again if anybody looks at them."""
        from tracker.offline.trajectory import each_frame

        assert self.first_pass is not None
        plan, times = self.first_pass.frames(), self.first_pass.recording.times
        found = each_frame(self.trajectories, times)
        if not self.source.has_images or not (self._pictures or self._writers.draws):
            yield from zip(plan, found, strict=True)
            return
        source, first = open_source(self._source_name, self.options.fps), int(self.first_pass.indices[0])
        source.start = float(times[0])
        with ReadAhead(source.frames, clock=self.tally.clock) as again:
            frames = (frame for frame in again if frame.index >= first)
            for seen, tracks in zip(plan, found, strict=True):
                frame = next(frames, None)
                if frame is None or frame.index != seen.index:
                    why = f"frame {seen.index} was there at first, and is not any more"
                    raise InputError(self._shown_name, why, "leave the source alone until the run is over")
                yield replace(seen, image=frame.image), tracks

    @property
    def partial(self) -> bool:
        """Whether the run ends before its source."""
        return self.options.end is not None or self.options.max_frames is not None

    @property
    def class_counts(self) -> Counter[str]:
        """How many tracks there have been, by the name of their class."""
        return self._census.by_name(self.detector.class_names)

    @property
    def segments(self) -> int:
        """How many files the annotated video has been written in so far, if it is written in several."""
        return self._writers.segments

    @property
    def has_results(self) -> bool:
        """Whether there is anything to tell: not before the second pass of an offline run."""
        return self.tally.frames > 0 and (self._looked_ahead or not self.options.offline)

    @property
    def _shown_name(self) -> Path | str:
        """The source as messages call it: never an address, which may hold a password."""
        return self.source.path or self.source.name

    @property
    def _needs_looks(self) -> bool:
        """Whether what objects look like can be seen, and makes a difference."""
        return self.tracker.uses_appearance and self.source.has_images

    @property
    def fps(self) -> float:
        """Frames a second so far, all stages and the opening included."""
        return self.tally.frames / max(time.perf_counter() - self._started[0], 1e-9)

    @property
    def expected_frames(self) -> int | None:
        """How many frames there will be, as far as that is known."""
        total = self.source.frame_count
        if total is not None:
            rate = float(self.source.frame_rate)
            last = total if self.options.end is None else min(total, round(self.options.end * rate))
            total = max(0, last - round(self.options.start * rate))
        limits = [limit for limit in (total, self.options.max_frames) if limit is not None]
        return min(limits, default=None)

    def report(self) -> dict[str, Any]:
        """What the run did and what it took, as in the file of ``--stats``."""
        found = figures(self.tally, self.profile())
        if isinstance(self.detector, ReplayDetector):
            found["detector_calls"] = 0
        first = None if self._first_frame is None else round(self._first_frame - self._started[0], 4)
        if self.source.live:
            found |= {"skipped": self.source.skipped, "reconnects": self.source.reconnects}
        names = {"detector": self.detector.name, "tracker": self.options.tracker}
        return found | {"tracks": self._track_count, "first_frame_seconds": first} | names | self.watch.report()

    def profile(self) -> Profile:
        """Where the time went, once the files are closed. To be asked for in the thread that iterates."""
        wall, cpu, main = (end - start for start, end in zip(self._started, self._ended, strict=True))
        name = threading.current_thread().name
        return profile_of(self.tally.clock, self.tally.frames, wall, cpu, available_cores(), (name, main))

    @property
    def _track_count(self) -> int:
        """How many tracks there are, in the frames so far or, offline, in all."""
        return len(self.trajectories) if self._looked_ahead else self.tracker.confirmed_count

    def _open(self, opening: ExitStack) -> None:
        options = self.options
        check_options(options)
        self.audience.reserve(opening)
        self.source = open_source(self._source_name, options.fps, options.size, options.rate, options.reconnect)
        self.source.start = options.start
        self._frames = read(self.source, self.tally.clock, self._idle, opening)
        if options.offline and self.source.live:
            raise InputError(
                self._shown_name, "is live, and --offline needs an end", "record it, or leave --offline out"
            )
        plan = make_plan(options, (self.source.width, self.source.height))
        self.warnings.extend(plan.warnings())
        self.outputs = output_paths(options, self.source)
        files, logs = first_files(self.outputs, options, self.source), ("--events",) if self.source.live else ()
        check_outputs(files, input_paths(options, self.source), options.overwrite, logs)
        self.tracker = make_tracker(options, self.source)
        self.embedder = load_embedder(options.appearance, options.device, self._needs_looks)
        self.detector = make_detector(options, self.source, "--output" in self.outputs)
        self._classes = find_classes(options.classes, self.detector)
        self.camera, self._carrier = load_motion(options, self.source)
        if self.camera is not None and not self.tracker.preset.camera:
            if isinstance(self.camera, RecordedCameraMotion):
                self.warnings.append(f"{options.camera_motion}: not used: {options.tracker} knows no camera motion")
            self.camera = None
        self._cadence = make_cadence(options.detect_every, self.tracker, self._carrier)
        if self.source.frame_count is not None:
            check_last_frames(self.source.frame_count, self._shown_name, self.detector, self.camera)
        names = self.detector.class_names
        self.watch = Watch(plan, names)
        self.audience.open(opening, self.source, names, self.expected_frames, self.watch)
        self._writers = Writers(self.outputs, names, options, not self._pictures, self.watch, self.audience)
        self._writers.open(opening, self.source, self.tally)
        opening.callback(self._part_with_all)

    def _part_with_all(self) -> None:
        """Tell that everybody leaves, as the run is over. A run without frames has nothing to tell, and no file."""
        events = self.watch.finish()
        if events:
            self._writers.tell(events)

    def _idle(self) -> None:
        """What goes on while the run waits for a live source's next picture."""
        self._writers.tell(self.watch.tick(self.source.now()))
        self.audience.idle()
        if self.audience.stopped:
            self.source.stop.set()
        self.on_idle()


def track(source: str | int | Path, **options: Any) -> Iterator[tuple[Frame, Tracks]]:
    """Track the objects in a source: an iterator over its frames with their tracks.

    source: a video file, camera number, URL, folder or glob of images, or MOTChallenge sequence folder.
    options: those of the command line, under the same names (see `Options`); no file is written unless one is named.
    Raises InputError for anything that cannot be used, TypeError for an unknown option.
    """
    with Run(source, Options(**options)) as run:
        yield from run
